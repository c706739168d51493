/** Uploads with progress, which XMLHttpRequest reports and fetch does not. */

/** Without any progress. */
const TIMEOUT_MS = 90_000;

/**
 * Send a form.
 *
 * @param {string} url
 * @param {FormData} body
 * @param {(share: number) => void} progress receives the share that was sent, 0 to 1
 * @returns {Promise<{ok: boolean, status: number, retryAfter: number, json: any}>} with the seconds of `Retry-After`,
 *   0 without it; rejected without a response in time
 */
export function send(url, body, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const start = performance.now();
    // A timeout counts from the start of the request.
    const extend = () => {
      request.timeout = performance.now() - start + TIMEOUT_MS;
    };
    request.open("POST", url);
    extend();
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
      extend();
      if (lengthComputable && total) progress(loaded / total);
    });
    request.upload.addEventListener("load", () => {
      extend();
      progress(1);
    });
    request.addEventListener("load", () => {
      try {
        const { status } = request;
        const ok = status >= 200 && status < 300;
        const retryAfter = Number(request.getResponseHeader("Retry-After"));
        resolve({ ok, status, retryAfter, json: JSON.parse(request.responseText) });
      } catch (error) {
        reject(error);
      }
    });
    for (const end of ["error", "timeout", "abort"]) {
      request.addEventListener(end, () => reject(new Error(end)));
    }
    request.send(body);
  });
}

/** An id for an upload, so that one that is repeated is judged once. */
export function createAttemptId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
