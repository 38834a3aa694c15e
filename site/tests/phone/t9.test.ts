import { describe, expect, it } from "vitest";
import { findContacts, spelled } from "../../src/phone/t9.ts";

const person = (name: string, number: string, also = "") => ({ key: number, name, number, also });
const OFFICE = [
  person("Anna Meier", "101", "Sales"),
  person("Jörg Weiß", "102", "Support"),
  person("Ben Okafor", "103", "Sales"),
  person("Workshop", "+4930901820"),
];
const names = (typed: string) => findContacts(OFFICE, typed).map((each) => each.name);

it("names are spelled by the keys, without their accents", () => {
  expect(spelled("Jörg Weiß")).toEqual(["5674", "93477"]);
});

describe("keys find", () => {
  it("a first name and a last name", () => {
    expect(names("236")).toEqual(["Ben Okafor"]);
    expect(names("63")).toContain("Anna Meier");
  });
  it("the beginnings of both", () => expect(names("26")).toContain("Anna Meier"));
  it("a whole name without the gap", () => expect(names("266263")).toEqual(["Anna Meier"]));
  it("numbers before names", () => expect(names("103")[0]).toBe("Ben Okafor"));
  it("the middle of a number from three digits on", () => {
    expect(names("901")).toContain("Workshop");
    expect(names("01")).not.toContain("Workshop");
  });
  it("nobody by a 1 or a 0 in a name", () => expect(names("2011")).toEqual([]));
});

describe("letters find", () => {
  it("the beginning of any word, whatever the accents", () => {
    expect(names("joerg")).toEqual([]);
    expect(names("jorg")).toEqual(["Jörg Weiß"]);
    expect(names("oka")).toEqual(["Ben Okafor"]);
  });
  it("a department", () => expect(names("sales")).toEqual(["Anna Meier", "Ben Okafor"]));
  it("every word has to be there", () => expect(names("anna sales")).toEqual(["Anna Meier"]));
});

it("nothing typed finds nobody", () => expect(names("  ")).toEqual([]));
