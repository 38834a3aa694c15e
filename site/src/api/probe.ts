/** Asks a node of another origin two questions, to know why a browser may not reach it. */
import type { Probe } from "../core/place.ts";

const WITHIN_MS = 8000;

export async function probe(node: string): Promise<Probe> {
  const page = window.location.origin;
  const allowed = await answers(`${node}/api/v1/setup`, "needed");
  const health = allowed || (await answers(`${node}/api/v1/health`, "status"));
  return { page, node, health, allowed };
}

/** Whether there is an answer this page may read, and a Bellwire node gave it. */
async function answers(url: string, field: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      credentials: "omit",
      cache: "no-store",
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null && field in body;
  } catch {
    return false;
  }
}
