/* From a file to its variants, for each that is chosen or dropped:
 *
 *     waiting --> asking --> uploading --> looking --> done
 *                    |           |            |
 *                    `-----------+------------+--> failed --"Try again"--> waiting
 *
 *     asking      POST to the function presign: {type, bytes} becomes {url, headers, key}
 *     uploading   PUT to the store, with those headers
 *     looking     GET of each variant at the CDN, again and again with longer pauses, until all are there or it has been too long
 *
 * 1. The token is in the input and nowhere else: not in the address, a cookie or any storage.
 * 2. Whatever comes from outside goes into the page as text, never as markup.
 * 3. All that an upload has begun ends with its AbortController; of a removed upload nothing goes on. */

import { Problem, askForUrl, expandKey, finalProblem, get, isFulfilled, noAnswer, pictureUrl, put } from "./requests.js";

const MAX_AT_ONCE = 3;
const FIRST_PAUSE_MS = 500, MAX_PAUSE_MS = 5000, PAUSE_GROWTH = 1.5;
const PATIENCE_S = 120;
const CONFIG_KEYS = ["presign", "pictures", "key", "types", "max_bytes", "variants"];

const byId = id => document.getElementById(id);
const token = byId("token"), files = byId("files"), zone = byId("zone"), list = byId("uploads");

let config = null;
const waiting = [];
let nRunning = 0;

// ---- words

const countBytes = n => (n >= 1e6 ? `${(n / 1e6).toFixed(2)} MB` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} kB` : `${n} bytes`);
const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

function compare(bytes, original) {
    const saved = 100 * (1 - bytes / original);
    return saved >= 0 ? `${saved.toFixed(1)} % smaller` : `${(-saved).toFixed(1)} % larger`;
}

/* For screen readers: who sees the page reads it in the upload's own place. */
function announce(text) {
    byId("status").className = "spoken";
    byId("status").textContent = text;
}

function complain(text) {
    byId("status").className = "bad";
    byId("status").textContent = text;
}

const pause = (ms, signal) =>
    new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        const stop = () => {
            clearTimeout(timer);
            reject(new DOMException("", "AbortError"));
        };
        signal.addEventListener("abort", stop, { once: true });
    });

// ---- one upload, and its place in the page

class Upload {
    constructor(file) {
        this.file = file;
        this.bytes = file.size; // of a file that is gone, browsers may say 0 later
        this.urls = []; // of blobs
        this.element = byId("upload-template").content.firstElementChild.cloneNode(true);
        const find = selector => this.element.querySelector(selector);
        this.state = find(".state");
        this.progress = find("progress");
        this.pictures = find(".pictures");
        this.retry = find(".retry");
        this.remove = find(".remove");
        find("h2").textContent = file.name;
        this.progress.setAttribute("aria-label", `Upload of ${file.name}`);
        this.retry.setAttribute("aria-label", `Try again: ${file.name}`);
        this.retry.addEventListener("click", () => {
            this.remove.focus(); // the button goes away
            this.begin();
        });
        this.remove.addEventListener("click", () => this.end());
        list.prepend(this.element);
    }

    begin() {
        this.abort?.abort();
        this.abort = new AbortController();
        this.clear();
        this.retry.hidden = true;
        this.progress.hidden = false;
        this.progress.value = 0;
        this.setButton("Cancel");
        this.show("Waiting for others.");
        waiting.push(this);
        startWaiting();
    }

    /* Over when the file is uploaded, or will not be: looking for its variants is no reason to hold others up. */
    async run() {
        const { signal } = this.abort;
        try {
            this.check();
            this.addOriginal();
            this.show("Asking for permission …");
            const allowed = await this.ask(signal);
            this.show("Uploading …");
            announce(`${this.file.name}: uploading.`);
            await put(allowed, this.file, signal, part => (this.progress.value = 100 * part));
            this.progress.hidden = true;
            this.look(allowed.key, performance.now(), signal).catch(error => this.fail(error, signal));
        } catch (error) {
            this.fail(error, signal);
        }
    }

    async ask(signal) {
        try {
            const allowed = await askForUrl(config.presign, token.value.trim(), this.file.type, this.bytes, signal);
            markToken("");
            return allowed;
        } catch (error) {
            if (error.status) markToken(error.status === 401 ? "It was refused." : "");
            throw error;
        }
    }

    check() {
        if (!token.value.trim()) {
            markToken("It is missing.");
            throw new Problem("A token is needed: enter it above, then try again.");
        }
        if (!/^[\x21-\x7e]+$/.test(token.value.trim())) {
            markToken("This is no token.");
            throw new Problem("What was entered as a token is none: enter one, then try again.");
        }
        if (!config.types.includes(this.file.type)) {
            const names = config.types.map(type => type.replace("image/", "").toUpperCase()).join(", ");
            throw finalProblem(`Files of this type are not taken: ${names} are.`);
        }
        if (this.bytes > config.max_bytes)
            throw finalProblem(`The file is too large: it has ${countBytes(this.bytes)}, and at most ${countBytes(config.max_bytes)} are taken.`);
        if (this.bytes === 0) throw finalProblem("The file is empty.");
    }

    async look(key, uploaded, signal) {
        const missing = config.variants.map(variant => {
            const url = pictureUrl(config.pictures, expandKey(config.key, (config.prefix ?? "") + key, variant, this.file.type));
            return { name: variant.name, url, figure: this.addFigure(variant.name) };
        });
        const n = missing.length, patience = config.patience_s ?? PATIENCE_S;
        let isReached = false;
        this.show(`Uploaded. Looking for ${count(n, "variant")} …`);
        announce(`${this.file.name}: uploaded, looking for ${count(n, "variant")}.`);
        for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * PAUSE_GROWTH, MAX_PAUSE_MS)) {
            await Promise.all(
                [...missing].map(async variant => {
                    let blob = null;
                    try {
                        blob = await get(variant.url, signal);
                        isReached = true;
                    } catch (error) {
                        if (signal.aborted || error instanceof Problem) throw error;
                    }
                    if (!blob) return;
                    await this.showVariant(variant, blob, (performance.now() - uploaded) / 1000);
                    missing.splice(missing.indexOf(variant), 1);
                    if (missing.length > 0) this.show(`${n - missing.length} of ${count(n, "variant")}; looking for the others …`);
                }),
            );
            if (missing.length === 0) break;
            if (performance.now() - uploaded > 1000 * patience) throw this.giveUp(missing.length, n, patience, isReached);
            await pause(ms, signal);
        }
        this.show(`Done: ${count(n, "variant")}.`, "good");
        announce(`${this.file.name}: ${n === 1 ? "its variant is" : `all ${n} variants are`} there.`);
        this.setButton("Remove");
    }

    giveUp(nMissing, n, patience, isReached) {
        if (!isReached) return noAnswer("The file has been uploaded, but what serves the variants", config.pictures);
        const what = nMissing === n ? "no variant" : `only ${n - nMissing} of ${count(n, "variant")}`;
        return new Problem(`Uploaded, but there is ${what} after ${patience} s. Either the picture is broken, or there is much to do at the moment.`);
    }

    fail(error, signal) {
        if (signal.aborted) return; // as was wanted
        if (!(error instanceof Problem)) console.error(error);
        const text = error instanceof Problem ? error.message : `This page has made a mistake: ${error.message}`;
        this.show(text, "bad");
        announce(`${this.file.name}: ${text}`);
        this.progress.hidden = true;
        for (const frame of this.element.querySelectorAll(".waiting")) {
            frame.classList.remove("waiting");
            frame.textContent = "not there";
        }
        this.retry.hidden = error.isFinal === true;
        this.setButton("Remove");
    }

    end() {
        this.abort.abort();
        const at = waiting.indexOf(this);
        if (at >= 0) waiting.splice(at, 1);
        this.clear();
        this.element.remove();
        announce(`${this.file.name}: removed.`);
        files.focus(); // which was on the button
    }

    // ---- what is seen

    show(text, kind = "") {
        this.state.textContent = text;
        this.state.className = `state ${kind}`;
    }

    setButton(word) {
        this.remove.textContent = word;
        this.remove.setAttribute("aria-label", `${word}: ${this.file.name}`);
    }

    clear() {
        this.urls.splice(0).forEach(url => URL.revokeObjectURL(url));
        this.pictures.replaceChildren();
    }

    addFigure(name) {
        const figure = byId("picture-template").content.firstElementChild.cloneNode(true);
        figure.querySelector(".name").textContent = name;
        figure.querySelector(".facts").textContent = "";
        const frame = figure.querySelector(".frame");
        frame.classList.add("waiting");
        frame.textContent = "not there yet";
        this.pictures.append(figure);
        return figure;
    }

    /* Its size in pixels, null where the browser cannot read it. With `href`, a link to where it is. */
    async place(figure, blob, alt, href) {
        const image = new Image();
        image.alt = alt;
        image.src = URL.createObjectURL(blob);
        this.urls.push(image.src);
        const isShown = await isFulfilled(image.decode());
        const frame = figure.querySelector(".frame");
        frame.classList.remove("waiting");
        if (!isShown) {
            frame.textContent = "cannot be shown here";
            return null;
        }
        let content = image;
        if (href) {
            content = Object.assign(document.createElement("a"), { href, target: "_blank", rel: "noopener noreferrer" });
            content.append(image);
        }
        frame.replaceChildren(content);
        return `${image.naturalWidth} × ${image.naturalHeight}`;
    }

    async addOriginal() {
        const figure = this.addFigure("original");
        const size = await this.place(figure, this.file, `${this.file.name}, as it was chosen`);
        tell(figure, [size, countBytes(this.bytes)]);
    }

    async showVariant({ name, url, figure }, blob, seconds) {
        const size = await this.place(figure, blob, `${this.file.name}, variant ${name}`, url);
        tell(figure, [size, countBytes(blob.size), compare(blob.size, this.bytes), `after ${seconds.toFixed(1)} s`]);
    }
}

function tell(figure, facts) {
    const lines = facts.filter(Boolean).map(fact => {
        const line = document.createElement("span");
        line.textContent = fact;
        return line;
    });
    figure.querySelector(".facts").replaceChildren(...lines);
}

// ---- the page

/* "": it is fine, for all that is known. */
function markToken(problem) {
    byId("token-error").textContent = problem;
    if (problem) token.setAttribute("aria-invalid", "true");
    else token.removeAttribute("aria-invalid");
}

function startWaiting() {
    while (nRunning < MAX_AT_ONCE && waiting.length > 0) {
        nRunning++;
        waiting.shift().run().finally(() => {
            nRunning--;
            startWaiting();
        });
    }
}

function take(chosen) {
    const uploads = [...chosen].reverse().map(file => new Upload(file)); // each goes above the one before
    for (const upload of uploads.reverse()) upload.begin();
}

function listen() {
    files.addEventListener("change", () => {
        take([...files.files]);
        files.value = ""; // so that the same file can be chosen again
    });
    token.addEventListener("input", () => markToken(""));
    byId("who").addEventListener("submit", event => {
        event.preventDefault();
        files.focus();
    });
    // Anywhere: what misses the zone must not replace the page.
    let depth = 0;
    const hasFiles = event => event.dataTransfer?.types.includes("Files");
    const light = isOver => zone.classList.toggle("over", isOver);
    addEventListener("dragenter", event => hasFiles(event) && light(++depth > 0));
    addEventListener("dragleave", event => hasFiles(event) && light(--depth > 0));
    addEventListener("dragover", event => hasFiles(event) && event.preventDefault());
    addEventListener("drop", event => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        light((depth = 0) > 0);
        take(event.dataTransfer.files);
    });
}

/* #token=... fills the input, and leaves the address and the history at once. */
function takeToken() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given === null) return;
    token.value = given;
    history.replaceState(null, "", location.pathname + location.search);
}

async function readConfig() {
    const answer = await fetch("config.json", { cache: "no-cache" });
    if (!answer.ok) throw new Problem(`config.json cannot be read (status ${answer.status}).`);
    const found = await answer.json();
    const missing = CONFIG_KEYS.filter(key => !(key in found));
    if (missing.length > 0) throw new Problem(`config.json lacks ${missing.join(", ")}.`);
    return found;
}

async function main() {
    takeToken();
    addEventListener("hashchange", takeToken);
    try {
        config = await readConfig();
    } catch (error) {
        complain(error instanceof Problem ? error.message : "config.json cannot be read.");
        return;
    }
    files.accept = config.types.join(",");
    files.disabled = false;
    listen();
}

main();
