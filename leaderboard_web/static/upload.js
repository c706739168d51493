/** The way of a photo to Eva, with its progress: fetch cannot tell how much has been sent, XMLHttpRequest can. */

const PATIENCE = 90_000;

/**
 * Send a form.
 *
 * @param {string} url
 * @param {FormData} body
 * @param {(share: number) => void} progress told how much was sent, 0 to 1
 * @returns {Promise<{ok: boolean, status: number, json: any}>} rejected where the line broke or nobody answered in time
 */
export function send(url, body, progress) {
  return new Promise((done, broken) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.timeout = PATIENCE;
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
      if (lengthComputable && total) progress(loaded / total);
    });
    request.upload.addEventListener("load", () => progress(1));
    request.addEventListener("load", () => {
      try {
        const { status } = request;
        done({ ok: status >= 200 && status < 300, status, json: JSON.parse(request.responseText) });
      } catch (error) {
        broken(error);
      }
    });
    for (const end of ["error", "timeout", "abort"]) {
      request.addEventListener(end, () => broken(new Error(end)));
    }
    request.send(body);
  });
}

/** A number for a photo: sent twice, it is judged once. */
export function attempt() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
