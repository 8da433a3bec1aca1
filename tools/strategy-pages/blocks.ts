// A page is written by hand but for its blocks: <!-- generated: NAME --> … <!-- /generated -->.
const BLOCK = /<!-- generated: (\w+) -->[\s\S]*?<!-- \/generated -->/g;

/** Puts what was generated into the blocks of a page. @throws when page and blocks do not fit each other */
export function fill(page: string, file: string, blocks: Readonly<Record<string, string>>): string {
  const used = new Set<string>();
  const filled = page.replaceAll(BLOCK, (_, name: string) => {
    const text = Object.hasOwn(blocks, name) ? blocks[name] : undefined;
    if (text === undefined) throw new Error(`${file}: nothing is generated as ${name}`);
    used.add(name);
    return `<!-- generated: ${name} -->\n\n${text}\n\n<!-- /generated -->`;
  });
  const missing = Object.keys(blocks).filter((name) => !used.has(name));
  if (missing.length > 0) throw new Error(`${file}: has no block for ${missing.join(", ")}`);
  return filled;
}
