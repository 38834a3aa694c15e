/** What the page and its service worker both know, kept in this browser (IndexedDB). Values are plain data. */

const NAME = "bellwire-pocket";
const STORE = "kept";

export async function read<T>(key: string): Promise<T | undefined> {
  return inside("readonly", (store) => store.get(key) as IDBRequest<T | undefined>);
}

export async function write(key: string, value: unknown): Promise<void> {
  await inside("readwrite", (store) => store.put(value, key));
}

export async function remove(key: string): Promise<void> {
  await inside("readwrite", (store) => store.delete(key));
}

async function inside<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(faultOf(transaction.error));
    });
    return request.result;
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(faultOf(request.error));
  });
}

function faultOf(error: DOMException | null): Error {
  return error ?? new Error("this browser keeps nothing");
}
