import { expect, it } from "vitest";
import { formatBytes } from "../src/core/bytes.ts";

it("says amounts of data in the unit people would", () => {
  expect(formatBytes(0, "en-GB")).toBe("0 B");
  expect(formatBytes(1023, "en-GB")).toBe("1,023 B");
  expect(formatBytes(1536, "en-GB")).toBe("1.5 KB");
  expect(formatBytes(820 * 1024 ** 2, "en-GB")).toBe("820 MB");
  expect(formatBytes(1.44 * 1024 ** 3, "de-DE")).toBe("1,4 GB");
  expect(formatBytes(5000 * 1024 ** 4, "en-GB")).toBe("5,000 TB");
});
