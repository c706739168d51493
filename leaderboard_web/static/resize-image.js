/** The longest side, in pixels, that a photo is sent with: that of the heat picture that comes back. */
const LONGEST_SIDE = 1280;

/**
 * Make a big photo smaller before it travels, upright and in its proportions.
 * What the browser cannot decode (HEIC in most of them) goes as it is: Eva can read it, or says that she cannot.
 *
 * @param {Blob} photo
 * @returns {Promise<{photo: Blob, shown: boolean}>} what to send, and whether the browser can show it by itself
 */
export async function shrink(photo) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(photo, { imageOrientation: "from-image" });
  } catch {
    return { photo, shown: false };
  }
  const scale = LONGEST_SIDE / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) {
    bitmap.close();
    return { photo, shown: true };
  }
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d", { alpha: false });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  return { photo: small ?? photo, shown: true };
}
