/** Reads a QR code out of a picture or the camera. */

import { PageError } from "./source/source";

/** Larger pictures are made smaller first: a code is found as well, and memory stays bounded. */
const MOST_PIXELS_A_SIDE = 2_000;

/** @throws `no_code` */
export async function readQr(picture: Blob | HTMLVideoElement): Promise<string> {
  const bitmap = await toBitmap(picture);
  try {
    const text = (await readByBrowser(bitmap)) ?? (await readByDecoder(bitmap));
    if (text === null) {
      throw new PageError("no_code");
    }
    return text;
  } finally {
    bitmap.close();
  }
}

async function toBitmap(picture: Blob | HTMLVideoElement): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(picture);
  } catch {
    throw new PageError("no_code"); // no picture at all
  }
}

/** Chromium on Android and macOS has one built in. */
async function readByBrowser(bitmap: ImageBitmap): Promise<string | null> {
  try {
    if (!("BarcodeDetector" in window) || !(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      return null;
    }
    const [found] = await new BarcodeDetector({ formats: ["qr_code"] }).detect(bitmap);
    return found?.rawValue ?? null;
  } catch {
    return null;
  }
}

/** `qr` is small (17 kB gzip), has no dependency and is kept up; jsQR, its better-known peer, is not. */
async function readByDecoder(bitmap: ImageBitmap): Promise<string | null> {
  const { default: decode } = await import("qr/decode.js");
  const scale = Math.min(1, MOST_PIXELS_A_SIDE / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) {
    return null;
  }
  // Screenshots of dark pages have transparent parts at times; a code needs a light ground.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  try {
    return decode({ width, height, data }, { timeLimit: 500 });
  } catch {
    return null;
  } finally {
    data.fill(0); // the picture holds the seed
  }
}
