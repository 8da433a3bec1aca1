/** Shorter values turn up everywhere: to mask them would make every text unreadable. */
export const SHORTEST_SECRET = 4;
// So would shorter parts and twists of a secret, which nobody chose to be rare: a line "user:" of a settings file.
const SHORTEST_PART = 8;

/**
 * All that a secret may look like where it was put: as it is, each of its longer lines (a key is shown line by line), and
 * each of these as JSON, in an address and in Base64.
 */
export function looksOf(secret: string): readonly string[] {
  const lines = secret.split("\n").map((line) => line.trim());
  const plain = [secret, secret.trim(), ...lines.filter(isLongPart)];
  const looks = plain
    .filter(isLong)
    .flatMap((text) => [text, ...inJson(text), ...inUrl(text), ...inBase64(text)]);
  return [...new Set(looks)].filter(isLong);
}

function isLong({ length }: string): boolean {
  return length >= SHORTEST_SECRET;
}

function isLongPart({ length }: string): boolean {
  return length >= SHORTEST_PART;
}

// Writers of JSON differ in what they escape: all but ASCII, the marks of HTML, slashes; and JSON is put into JSON.
function inJson(text: string): readonly string[] {
  const once = quoted(text);
  const ascii = once.replaceAll(/[^ -~]/g, (unit) => unicode(unit));
  const capital = once.replaceAll(/[^ -~]/g, (unit) => unicode(unit, true));
  const html = once.replaceAll(/[<>&]/g, (unit) => unicode(unit));
  const all = [once, ascii, capital, html].flatMap((look) => [look, look.replaceAll("/", "\\/")]);
  return [...all, ...all.map(quoted)];
}

function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unicode(unit: string, capital = false): string {
  const code = unit.charCodeAt(0).toString(16).padStart(4, "0");
  return `\\u${capital ? code.toUpperCase() : code}`;
}

// In a host, a path, a query and a form; with the codes in capitals or not.
function inUrl(text: string): readonly string[] {
  const whole = text.toWellFormed();
  const all = [
    encodeURIComponent(whole),
    encodeURIComponent(whole).replaceAll(
      /[!'()*]/g,
      (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
    encodeURI(whole),
    new URLSearchParams({ a: whole }).toString().slice(2),
    ...inPath(whole),
  ];
  const small = all.map((look) => look.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase()));
  return [...all, ...small, ...[text.toLowerCase()].filter(isLongPart)];
}

function inPath(text: string): readonly string[] {
  // An address resolves these: what is left is another text.
  if (text.split(/[/\\]/).some((part) => /^(?:\.|%2e){1,2}$/i.test(part))) return [];
  const url = new URL("http://host");
  url.pathname = `/x${text}`;
  return [url.pathname.slice(2)];
}

// Where it begins in a longer text decides which characters it makes: one of three rows of them. Those at the ends, which
// it shares with its neighbours, are left out: "DB=hunter2" has all of hunter2 in "…h1bnRlcj", but for some bits.
function inBase64(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const all = [0, 1, 2].map((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    return shifted
      .toString("base64")
      .slice(Math.ceil((before * 8) / 6), Math.floor((shifted.length * 8) / 6));
  });
  return [bytes.toString("base64"), ...all.filter(isLongPart)].flatMap((look) => [
    look,
    look.replaceAll("+", "-").replaceAll("/", "_"),
  ]);
}
