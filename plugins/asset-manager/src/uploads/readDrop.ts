import type { DroppedFile } from './UploadQueue';

function readAll(
  reader: FileSystemDirectoryReader,
): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => {
    const found: FileSystemEntry[] = [];
    // A reader gives a hundred entries at a time, and an empty list at the end.
    const next = () =>
      reader.readEntries(entries => {
        if (entries.length === 0) {
          resolve(found);
        } else {
          found.push(...entries);
          next();
        }
      }, reject);
    next();
  });
}

async function walk(
  entry: FileSystemEntry,
  prefix: string,
  into: DroppedFile[],
): Promise<void> {
  const path = prefix + entry.name;
  if (entry.isDirectory) {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (const child of await readAll(reader))
      await walk(child, `${path}/`, into);
    return;
  }
  const file = await new Promise<File>((resolve, reject) => {
    (entry as FileSystemFileEntry).file(resolve, reject);
  });
  into.push({ path, file });
}

/** A single folder stands for its content, as it does on the command line. */
function withoutCommonFolder(files: DroppedFile[]): DroppedFile[] {
  const [first] = files;
  const slash = first?.path.indexOf('/') ?? -1;
  if (slash < 0) return files;
  const folder = first.path.slice(0, slash + 1);
  return files.every(({ path }) => path.startsWith(folder))
    ? files.map(({ path, file }) => ({ path: path.slice(folder.length), file }))
    : files;
}

/** The files of a drop, folders included. */
export async function readDrop(transfer: DataTransfer): Promise<DroppedFile[]> {
  // The entries have to be taken before the first await: the drop is over then.
  const entries = [...transfer.items]
    .map(item => item.webkitGetAsEntry())
    .filter(entry => entry !== null);
  const files: DroppedFile[] = [];
  for (const entry of entries) await walk(entry, '', files);
  return withoutCommonFolder(files);
}

/** The files of a file chooser; of a folder chooser with their folders. */
export function readChosen(list: FileList): DroppedFile[] {
  return withoutCommonFolder(
    [...list].map(file => ({
      path: file.webkitRelativePath || file.name,
      file,
    })),
  );
}
