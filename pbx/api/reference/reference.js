// Draws the API from openapi.json, which stands beside this file. No library, nothing from elsewhere.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children.filter((each) => each !== null && each !== undefined && each !== ""));
  return made;
}

/** Text in which `words` are code. */
function prose(text) {
  const parts = (text ?? "").split("`");
  return el("p", {}, ...parts.map((part, at) => (at % 2 ? el("code", {}, part) : part)));
}

function operations(api) {
  const found = [];
  for (const [path, item] of Object.entries(api.paths))
    for (const method of METHODS) if (item[method]) found.push({ path, method, ...item[method] });
  return found;
}

function named(api, schema) {
  if (!schema?.$ref) return [schema ?? {}, ""];
  const name = schema.$ref.split("/").pop();
  return [api.components.schemas[name] ?? {}, name];
}

function typeWords(api, given) {
  const [schema, name] = named(api, given);
  if (name) return name;
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((each) => typeWords(api, each)).join(" | ");
  if (schema.type === "array") return `[${typeWords(api, schema.items ?? schema.prefixItems?.[0])}]`;
  return [schema.type ?? "any"].flat().join(" | ");
}

function rules(schema) {
  const words = [];
  if (schema.format) words.push(schema.format);
  if (schema["x-unit"]) words.push(`in ${schema["x-unit"]}`);
  if (schema.minimum !== undefined) words.push(`≥ ${schema.minimum}`);
  if (schema.maximum !== undefined) words.push(`≤ ${schema.maximum}`);
  if (schema.maxLength !== undefined) words.push(`up to ${schema.maxLength} characters`);
  if (schema.pattern) words.push(schema.pattern);
  if (schema["x-ref"]) words.push(`the key of a ${schema["x-ref"]}`);
  if (schema.default !== undefined) words.push(`default ${JSON.stringify(schema.default)}`);
  return words.join(", ");
}

/** The fields of a schema. What they hold is drawn when it is opened, since schemas may hold themselves. */
function fields(api, given) {
  const [schema] = named(api, given);
  const parts = schema.anyOf ?? schema.oneOf ?? (schema.type === "array" ? [schema.items] : null);
  const list = el("ul");
  if (!schema.properties && parts) {
    for (const part of parts.filter((each) => each?.$ref)) list.append(folded(api, part, typeWords(api, part)));
    return list.childNodes.length ? list : null;
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const needed = schema.required?.includes(name) ? "" : "?";
    const line = el("li", {}, el("code", {}, `${name}${needed}`), `: ${typeWords(api, field)}`);
    const more = [rules(field), field.description].filter(Boolean).join(". ");
    if (more) line.append(el("span", { class: "quiet" }, ` ${more}`));
    const inner = inside(field);
    if (inner) line.append(el("ul", {}, folded(api, inner, typeWords(api, inner))));
    list.append(line);
  }
  return list.childNodes.length ? list : null;
}

function inside(field) {
  const choices = [field, field.items, ...(field.anyOf ?? []), ...(field.anyOf ?? []).map((each) => each.items)];
  return choices.find((each) => each?.$ref);
}

function folded(api, schema, title) {
  const box = el("details", {}, el("summary", {}, title));
  box.addEventListener(
    "toggle",
    () => box.append(el("p", { class: "quiet" }, named(api, schema)[0].description ?? ""), fields(api, schema) ?? ""),
    { once: true },
  );
  return el("li", {}, box);
}

function content(api, body) {
  return Object.entries(body?.content ?? {}).flatMap(([type, { schema }]) => [
    el("p", {}, el("code", {}, type), schema ? ` ${typeWords(api, schema)}` : ""),
    schema ? fields(api, schema) : null,
  ]);
}

function curl(operation) {
  const lines = [`curl -H "Authorization: Bearer $TOKEN"`];
  if (operation.method !== "get") lines[0] += ` -X ${operation.method.toUpperCase()}`;
  const [type] = Object.keys(operation.requestBody?.content ?? {});
  if (type) lines.push(`  -H "Content-Type: ${type}" ${/json/.test(type) ? "-d '{…}'" : "--data-binary @FILE"}`);
  lines.push(`  ${location.origin}${operation.path}`);
  return lines.join(" \\\n");
}

function draw(api, operation) {
  const box = el("details", { class: "operation", id: operation.operationId });
  box.append(
    el(
      "summary",
      {},
      el("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()),
      el("code", {}, operation.path),
      el("span", { class: "quiet" }, operation.summary),
    ),
  );
  box.addEventListener("toggle", () => box.append(details(api, operation)), { once: true });
  return box;
}

function details(api, operation) {
  const parts = [
    operation.description ? prose(operation.description) : "",
    el("p", { class: "quiet" }, "Scope: ", el("code", {}, operation["x-scope"])),
    el("pre", {}, curl(operation)),
  ];
  if (operation.parameters?.length) {
    const lines = operation.parameters.map((each) =>
      el(
        "li",
        {},
        el("code", {}, each.name),
        ` (${each.in}${each.required ? ", needed" : ""}): ${typeWords(api, each.schema)}`,
        el("span", { class: "quiet" }, ` ${[rules(each.schema), each.description].filter(Boolean).join(". ")}`),
      ),
    );
    parts.push(el("h3", {}, "Parameters"), el("ul", {}, ...lines));
  }
  if (operation.requestBody) parts.push(el("h3", {}, "Body"), ...content(api, operation.requestBody));
  for (const [status, answer] of Object.entries(operation.responses))
    parts.push(el("h3", {}, `${status} ${answer.description}`), ...content(api, answer));
  return el("div", {}, ...parts);
}

function show(api, words) {
  const wanted = operations(api).filter((each) => {
    const text = [each.path, each.summary, each.description, each.operationId, each["x-scope"]].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  main.replaceChildren(el("pre", {}, api.info.description));
  nav.replaceChildren();
  for (const { name } of api.tags) {
    const these = wanted.filter((each) => each.tags.includes(name));
    if (!these.length) continue;
    main.append(el("h2", {}, name), ...these.map((each) => draw(api, each)));
    nav.append(
      el("h2", {}, name),
      ...these.map((each) => el("a", { href: `#${each.operationId}` }, each.summary)),
    );
  }
  if (!wanted.length) main.append(el("p", {}, "Nothing is called like that."));
}

function openNamed() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

async function start() {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`openapi.json: ${answer.status}`);
  const api = await answer.json();
  const search = document.getElementById("search");
  search.addEventListener("input", () => show(api, search.value.toLowerCase().split(/\s+/).filter(Boolean)));
  addEventListener("hashchange", openNamed);
  show(api, []);
  openNamed();
}

start().catch((error) => {
  document.getElementById("main").replaceChildren(el("p", {}, `The reference cannot be drawn: ${error.message}`));
});
