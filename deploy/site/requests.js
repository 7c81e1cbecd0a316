/* What the page asks of others, and the keys under which variants will be. It knows nothing of the page. What it throws is a
 * Problem, or the AbortError of a signal. */

const EXTENSIONS = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", jpeg: "jpg", jpg: "jpg", png: "png", webp: "webp" };
const FORBIDDEN_HEADERS = new Set(["content-length", "host"]); // browsers set them, and let nobody else

/* What is to be told to people as it is; anything else that is thrown is a mistake of this page. */
export class Problem extends Error {
    isFinal = false; // the same file would be refused again
    status = 0; // of a server that refused to hand out a URL
}

export const finalProblem = text => Object.assign(new Problem(text), { isFinal: true });

export const noAnswer = (what, url) =>
    new Problem(
        navigator.onLine
            ? `${what} (${new URL(url).origin}) cannot be reached, or does not admit pages from ${location.origin} (CORS).`
            : "There is no network.",
    );

export const isFulfilled = promise => promise.then(() => true).catch(() => false);

// ---- keys of variants, as driver/keys.c makes them

export function expandKey(template, source, variant, type) {
    const at = source.lastIndexOf("/") + 1;
    const file = source.slice(at), dot = file.lastIndexOf(".");
    const values = {
        folder: source.slice(0, at),
        file,
        stem: dot > 0 ? file.slice(0, dot) : file,
        name: variant.name,
        ext: EXTENSIONS[variant.format] ?? EXTENSIONS[type] ?? "jpg",
        "{": "{",
        "}": "}",
    };
    return template.replace(/\{(folder|file|stem|name|ext)\}|([{}])\2/g, (_, word, brace) => values[word ?? brace]);
}

export function pictureUrl(base, key) {
    return new URL(key.split("/").map(encodeURIComponent).join("/"), base).href;
}

// ---- the three requests

function describeRefusal(status, message) {
    const why = message ? `: ${message}` : "";
    switch (status) {
        case 401: return `The token was refused${why}.`;
        case 403: return `You may not upload${why}.`;
        case 413: return `The file is too large${why}.`;
        case 415: return `Files of this type are not taken${why}.`;
        case 429: return "Too many uploads at the same time; try again in a moment.";
        default: return `No upload was allowed (status ${status})${why}.`;
    }
}

export async function askForUrl(presign, token, type, bytes, signal) {
    let answer, body;
    try {
        answer = await fetch(presign, {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
            body: JSON.stringify({ type, bytes }),
            credentials: "omit",
            cache: "no-store",
            signal,
        });
        body = await answer.json().catch(() => ({}));
    } catch (error) {
        if (signal.aborted) throw error;
        throw noAnswer("What hands out URLs for uploads", presign);
    }
    if (!answer.ok) {
        const problem = new Problem(describeRefusal(answer.status, body.message));
        throw Object.assign(problem, { status: answer.status, isFinal: answer.status === 413 || answer.status === 415 });
    }
    if (!body.url || !body.key) throw new Problem("The answer to the request for a URL makes no sense.");
    return body;
}

function describeStore(status) {
    switch (status) {
        case 403: return "the URL has expired, or this is another file than was announced";
        case 412: return "there is one already";
        default: return `status ${status}`;
    }
}

/* fetch does not tell how far an upload has come: this is what XMLHttpRequest is still for. */
export function put(allowed, file, signal, onProgress) {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open(allowed.method ?? "PUT", allowed.url);
        for (const [name, value] of Object.entries(allowed.headers ?? {}))
            if (!FORBIDDEN_HEADERS.has(name.toLowerCase())) request.setRequestHeader(name, value);
        request.upload.onprogress = event => event.lengthComputable && onProgress(event.loaded / event.total);
        request.onload = () => {
            if (request.status >= 200 && request.status < 300) return resolve();
            const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(request.responseText)?.[1];
            reject(new Problem(`The store refused the file: ${describeStore(request.status)}${code ? ` (${code})` : ""}.`));
        };
        request.onerror = async () => {
            const isReadable = await isFulfilled(file.slice(0, 1).arrayBuffer());
            reject(isReadable ? noAnswer("The store", allowed.url) : finalProblem("The file has changed, or cannot be read any more: choose it again."));
        };
        request.onabort = () => reject(new DOMException("", "AbortError"));
        signal.addEventListener("abort", () => request.abort(), { once: true });
        request.send(file);
    });
}

/* The variant, null where there is none yet. Where nobody answers, it throws what fetch does. */
export async function get(url, signal) {
    const answer = await fetch(url, { credentials: "omit", cache: "no-store", signal });
    if (answer.ok) return answer.blob();
    await answer.body?.cancel();
    if (answer.status === 422) throw finalProblem("The picture is broken: no variants can be made of it.");
    return null;
}
