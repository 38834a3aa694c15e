/** Outside numbers at Twilio. */
interface Able {
  readonly voice: boolean;
  readonly sms: boolean;
  readonly mms: boolean;
}

const KINDS: Readonly<Record<string, string>> = { local: "Local number", toll_free: "Toll-free number", mobile: "Mobile number", national: "National number", short_code: "Short code" };

export const numbers = {
  lead: "The numbers that people outside dial and text.",
  search: "Search numbers and names",
  none: "No number yet",
  noneHelp: "Buy a number, and calls and texts to it arrive here. Numbers that your Twilio account has already appear by themselves.",
  noneFound: "No number matches",
  buy: "Buy a number",
  buyFirst: "Buy the first number",
  buyFor: (name: string) => `A number for ${name}`,
  buyLead: "Twilio rents it to you by the month.",
  kind: (kind: string) => KINDS[kind] ?? "",
  can: ({ voice, sms, mms }: Able) => [voice && "calls", sms && "texts", mms && "pictures"].filter(Boolean).join(", "),
  well: "Set as it should be",
  drifted: "Needs a repair",
  repair: "Repair",
  repaired: (number: string) => `${number} is set as it should be.`,
  whereTo: "Where calls to a number lead is said under",
  releaseLabel: (number: string) => `Give back ${number}`,
  releaseAsk: (number: string) => `Give ${number} back to Twilio?`,
  releaseHelp: "Calls and texts to it reach you no more, and Twilio may sell it to somebody else soon. It can hardly be brought back.",
  releaseType: (digits: string) => `Type its last digits, ${digits}`,
  release: "Give it back",
  released: (number: string) => `${number} was given back.`,
  keep: "Keep it",
  country: "Country",
  kindLabel: "Kind",
  areaCode: "Area code",
  areaCodeHelp: "Such as 415. Empty: anywhere.",
  contains: "With these digits",
  containsHelp: "Digits or letters, such as 2020.",
  find: "Look for free numbers",
  noneFree: "None is free",
  noneFreeHelp: "Try another area code, or fewer digits.",
  choose: "Choose",
  name: "Name",
  nameHelp: "So that you know it in the list.",
  costs: "This costs money",
  costsHelp: "Twilio charges your account from now on, every month, until you give the number back: about 1.15 US dollars for a local and 2.15 for a toll-free number in the United States. The exact price stands in Twilio's price list.",
  agree: "I may buy this number for the office.",
  another: "Another one",
  buyThis: "Buy this number",
  bought: (number: string) => `${number} is yours.`,
  willRing: (name: string) => `Calls to it ring at ${name}.`,
};
