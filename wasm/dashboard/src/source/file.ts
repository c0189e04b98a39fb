/** A vault in a file on this device: written back in place where the browser can, else given as a download. */

import { checkSize, PageError, type Source, type Stored } from "./source";

/** A file that the browser lets the page write to (Chromium). */
export class FileSource implements Source {
  readonly kind = "file";
  readonly isUnsaved = false;
  readonly #handle: FileSystemFileHandle;

  constructor(handle: FileSystemFileHandle) {
    this.#handle = handle;
  }

  get name(): string {
    return this.#handle.name;
  }

  async prepare(): Promise<void> {
    const mode = { mode: "readwrite" } as const;
    const state = (await this.#handle.queryPermission?.(mode)) ?? "granted";
    if (state !== "granted" && (await this.#handle.requestPermission?.(mode)) !== "granted") {
      throw new PageError("file_permission", this.name);
    }
  }

  async read(): Promise<Stored> {
    const file = await this.#file();
    return { bytes: await bytesOf(file), tag: tagOf(file) };
  }

  async readLater(since: Stored): Promise<Stored | null> {
    const file = await this.#file();
    return tagOf(file) === since.tag ? null : { bytes: await bytesOf(file), tag: tagOf(file) };
  }

  async write(bytes: Uint8Array, since: Stored): Promise<Stored> {
    if (tagOf(await this.#file()) !== since.tag) {
      throw new PageError("changed");
    }
    await writeTo(this.#handle, bytes);
    return { bytes, tag: tagOf(await this.#file()) };
  }

  async #file(): Promise<File> {
    try {
      return await this.#handle.getFile();
    } catch (error) {
      throw fileError(error, this.name);
    }
  }
}

/** A file that can only be read here. Changes gather in the page, sealed, until they are downloaded. */
export class DownloadSource implements Source {
  readonly kind = "download";
  readonly name: string;
  #stored: Stored;
  #isUnsaved: boolean;

  constructor(name: string, bytes: Uint8Array, isUnsaved = false) {
    this.name = name;
    this.#stored = { bytes, tag: null };
    this.#isUnsaved = isUnsaved;
  }

  get isUnsaved(): boolean {
    return this.#isUnsaved;
  }

  async prepare(): Promise<void> {}

  async read(): Promise<Stored> {
    return this.#stored;
  }

  async readLater(): Promise<Stored | null> {
    return null;
  }

  async write(bytes: Uint8Array): Promise<Stored> {
    this.#stored = { bytes, tag: null };
    this.#isUnsaved = true;
    return this.#stored;
  }

  download(): void {
    download(this.name, this.#stored.bytes);
    this.#isUnsaved = false;
  }
}

export const canPickFiles = "showOpenFilePicker" in window;

/** Lets a person choose a vault; `null` if they choose none. */
export async function pickVault(): Promise<Source | null> {
  try {
    const [handle] = (await window.showOpenFilePicker?.({ id: "vault" })) ?? [];
    return handle === undefined ? null : new FileSource(handle);
  } catch (error) {
    return noneIfCancelled(error);
  }
}

/** Lets a person choose where a new vault goes; `null` if they choose no place. */
export async function pickPlace(name: string): Promise<FileSystemFileHandle | null> {
  try {
    return (await window.showSaveFilePicker?.({ id: "vault", suggestedName: name })) ?? null;
  } catch (error) {
    return noneIfCancelled(error);
  }
}

/** What was dropped on the page, as a file to write back to where there is such a thing. */
export async function droppedVault(transfer: DataTransfer): Promise<Source | null> {
  // Both have to be taken before the first await: the transfer is emptied then.
  const item = [...transfer.items].find((item) => item.kind === "file");
  const file = item?.getAsFile() ?? null;
  const handle = await item?.getAsFileSystemHandle?.().catch(() => null);
  if (handle?.kind === "file") {
    return new FileSource(handle as FileSystemFileHandle);
  }
  return file === null ? null : await readVault(file);
}

/** A file from an input field. */
export async function readVault(file: File): Promise<Source> {
  return new DownloadSource(file.name, await bytesOf(file));
}

export async function writeTo(handle: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  try {
    // The browser writes a copy, and puts it in the file's place at close(): a write that fails leaves the file as it was.
    const stream = await handle.createWritable();
    try {
      await stream.write(bytes as Uint8Array<ArrayBuffer>);
      await stream.close();
    } catch (error) {
      await stream.abort().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw fileError(error, handle.name);
  }
}

export function download(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser may fetch it only after this task.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** "bots.vault" with changes is "bots.changed.vault". */
export function copyName(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}.changed${name.slice(dot)}` : `${name}.changed`;
}

async function bytesOf(file: File): Promise<Uint8Array> {
  checkSize(file.size);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw fileError(error, file.name);
  }
}

function tagOf(file: File): string {
  return `${file.lastModified} ${file.size}`;
}

function fileError(error: unknown, name: string): unknown {
  if (!(error instanceof DOMException)) {
    return error;
  }
  switch (error.name) {
    case "NotFoundError":
      return new PageError("file_gone", name);
    case "NotAllowedError":
    case "NoModificationAllowedError":
    case "SecurityError":
      return new PageError("file_permission", name);
    case "QuotaExceededError":
      return new PageError("storage_full", name);
    default:
      return new PageError("file_gone", name);
  }
}

function noneIfCancelled(error: unknown): null {
  if (error instanceof DOMException && error.name === "AbortError") {
    return null;
  }
  throw error;
}
