#!/bin/bash
# First start of an instance (Amazon Linux 2023): fetches the command, and has systemd keep a worker running. Terraform
# fills in what is in braces.
set -eu

aws s3 cp --no-progress '${archive}' - | tar -xz -C /usr/local --strip-components=1

umask 077
cat >/etc/scantling.env <<'END'
${environment}
END

cat >/etc/systemd/system/scantling-worker.service <<'END'
[Unit]
Description=Scantling worker
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/local/bin/scantling worker --json
EnvironmentFile=/etc/scantling.env
DynamicUser=yes
Restart=always
RestartSec=5
TimeoutStopSec=120
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
END
systemctl enable --now scantling-worker
