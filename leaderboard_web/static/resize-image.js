/** Longest side of an uploaded photo in pixels: that of the heatmap in the response. */
const MAX_SIDE = 1280;

/**
 * Reduce a large photo before the upload, upright and in its proportions.
 * What the browser cannot decode (HEIC in most of them) or draw, for lack of memory, is sent unchanged.
 *
 * @param {Blob} photo
 * @returns {Promise<{photo: Blob, size: ?{width: number, height: number}}>} what to send, and its size in pixels;
 * null if the browser cannot display it
 */
export async function resizeImage(photo) {
  try {
    const bitmap = await createImageBitmap(photo, { imageOrientation: "from-image" });
    return await reduce(photo, bitmap);
  } catch {
    return { photo, size: null };
  }
}

async function reduce(photo, bitmap) {
  const scale = MAX_SIDE / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) {
    const size = { width: bitmap.width, height: bitmap.height };
    bitmap.close();
    return { photo, size };
  }
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const resized = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return { photo: resized ?? photo, size: { width: canvas.width, height: canvas.height } };
}
