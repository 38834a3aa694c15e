/**
 * Documents from and to the disk: with the File System Access API where the browser has it (a folder is read and written
 * in place), else by upload and download. Nothing is read or written that was not chosen.
 */
import { fromFiles, readDocument, toFiles, writeDocument, type OfficeDocument } from "./document.ts";

export interface Opened {
  readonly document: OfficeDocument;
  readonly name: string;
}

/** The parts of the File System Access API that are used; TypeScript's own types lack the pickers. */
interface Pickers {
  showDirectoryPicker?: (options: { mode: "read" | "readwrite"; id: string }) => Promise<FileSystemDirectoryHandle>;
}

const FOLDER_NAME = "office";

export function canWriteFolders(): boolean {
  return (window as Pickers).showDirectoryPicker !== undefined;
}

/** Throws `DocumentFault`. */
export async function openFile(file: File): Promise<Opened> {
  return { document: readDocument(await file.text(), file.name), name: file.name };
}

/** The files of a folder that was chosen in an upload. Throws `DocumentFault`. */
export async function openUploaded(list: readonly File[]): Promise<Opened> {
  const files = new Map<string, string>();
  for (const file of list) {
    const [, ...below] = file.webkitRelativePath.split("/");
    if (below.length === 2 && isOurs(below)) files.set(below.join("/"), await file.text());
  }
  return { document: fromFiles(files), name: list[0]?.webkitRelativePath.split("/")[0] ?? FOLDER_NAME };
}

/** Asks for a folder and reads it; undefined when nobody chose one. Throws `DocumentFault`. */
export async function openFolder(): Promise<Opened | undefined> {
  const folder = await pick("read");
  if (folder === undefined) return undefined;
  const files = new Map<string, string>();
  for await (const [section, handle] of entries(folder)) {
    if (handle.kind !== "directory" || section.startsWith(".")) continue;
    for await (const [name, file] of entries(handle as FileSystemDirectoryHandle)) {
      if (file.kind === "file" && isOurs([section, name])) {
        files.set(`${section}/${name}`, await (await (file as FileSystemFileHandle).getFile()).text());
      }
    }
  }
  return { document: fromFiles(files), name: folder.name };
}

/** Makes a chosen folder what the document is; other files in it stay. The folder's name, undefined when none was chosen. */
export async function saveFolder(document: OfficeDocument): Promise<string | undefined> {
  const folder = await pick("readwrite");
  if (folder === undefined) return undefined;
  const wanted = toFiles(document);
  const sections = new Set([...wanted.keys()].map((name) => name.split("/")[0] ?? ""));
  for (const section of sections) {
    const inner = await folder.getDirectoryHandle(section, { create: true });
    for await (const [name, handle] of entries(inner)) {
      if (handle.kind === "file" && isOurs([section, name]) && !wanted.has(`${section}/${name}`)) await inner.removeEntry(name);
    }
    for (const [name, text] of wanted) {
      const [at, file = ""] = name.split("/");
      if (at === section) await write(await inner.getFileHandle(file, { create: true }), text);
    }
  }
  return folder.name;
}

export function download(document: OfficeDocument, name = "office.json"): void {
  const url = URL.createObjectURL(new Blob([writeDocument(document)], { type: "application/json" }));
  const link = window.document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function write(file: FileSystemFileHandle, text: string): Promise<void> {
  const stream = await file.createWritable();
  await stream.write(text);
  await stream.close();
}

async function pick(mode: "read" | "readwrite"): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await (window as Pickers).showDirectoryPicker?.({ mode, id: FOLDER_NAME });
  } catch (fault) {
    if (fault instanceof DOMException && fault.name === "AbortError") return undefined;
    throw fault;
  }
}

function entries(folder: FileSystemDirectoryHandle): AsyncIterable<[string, FileSystemHandle]> {
  return (folder as unknown as { entries: () => AsyncIterable<[string, FileSystemHandle]> }).entries();
}

function isOurs(path: readonly string[]): boolean {
  return path.every((each) => !each.startsWith(".") || each === ".keep") && /(\.json|\.keep)$/.test(path.at(-1) ?? "");
}
