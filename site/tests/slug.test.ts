import { expect, it } from "vitest";
import { slugOf } from "../src/core/slug.ts";

it("names a record after what people call it", () => {
  expect(slugOf("We are closed!", "prompt")).toBe("we-are-closed");
  expect(slugOf("Über Ostern geöffnet", "prompt")).toBe("ueber-ostern-geoeffnet");
  expect(slugOf("Café Zoë", "prompt")).toBe("cafe-zoe");
  expect(slugOf("24 h", "prompt")).toBe("prompt-24-h");
  expect(slugOf("こんにちは", "prompt")).toBe("prompt");
});

it("does not take a name that is taken", () => {
  expect(slugOf("Closed", "prompt", ["closed", "closed-2"])).toBe("closed-3");
});

it("is never too long and never ends in a dash", () => {
  const slug = slugOf("a".repeat(31) + " and more", "prompt");
  expect(slug).toBe("a".repeat(31));
});
