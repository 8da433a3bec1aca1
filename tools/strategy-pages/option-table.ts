// The options of a strategy, from the doc comments of their interface: nothing is written twice.
import ts from "typescript";

/** One option as its doc comment describes it. */
export interface OptionDoc {
  /** `"steps[].hold"`. */
  readonly name: string;
  readonly type: string;
  /** As the comment says it, without the backticks; undefined: it is needed. */
  readonly fallback: string | undefined;
  readonly says: string;
}

const ROOT = "packages/strategies/src/index.ts";

/** Reads the interfaces that a package exports. */
export class OptionDocs {
  readonly #checker: ts.TypeChecker;
  readonly #exports: readonly ts.Symbol[];

  constructor() {
    const { config } = ts.readConfigFile("tsconfig.base.json", (file) => ts.sys.readFile(file)) as {
      readonly config: object;
    };
    const { options } = ts.parseJsonConfigFileContent({ ...config, files: [ROOT] }, ts.sys, ".");
    const program = ts.createProgram([ROOT], options);
    this.#checker = program.getTypeChecker();
    const source = program.getSourceFile(ROOT);
    const module = source && this.#checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${ROOT} is no module`);
    this.#exports = this.#checker.getExportsOfModule(module);
  }

  /** The options of an interface, with those inside them; those that several take are told once. */
  of(name: string): readonly OptionDoc[] {
    return this.#fields(this.#checker.getDeclaredTypeOfSymbol(this.#find(name)), "", new Set());
  }

  /** The doc comment of an export, without its tags. */
  says(name: string): string {
    return ts.displayPartsToString(this.#find(name).getDocumentationComment(this.#checker));
  }

  #find(name: string): ts.Symbol {
    const found = this.#exports.find((symbol) => symbol.name === name);
    if (!found) throw new Error(`${ROOT} does not export ${name}`);
    return found.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(found) : found;
  }

  #fields(type: ts.Type, path: string, told: Set<ts.Type>): readonly OptionDoc[] {
    return this.#checker.getPropertiesOfType(type).flatMap((symbol) => {
      const doc = this.#doc(symbol, path);
      const inner = this.#inside(this.#checker.getTypeOfSymbol(symbol));
      if (!inner || told.has(inner.type)) return [doc];
      told.add(inner.type);
      return [doc, ...this.#fields(inner.type, `${doc.name}${inner.list ? "[]" : ""}.`, told)];
    });
  }

  #doc(symbol: ts.Symbol, path: string): OptionDoc {
    const name = `${path}${symbol.name}`;
    const text = ts
      .displayPartsToString(symbol.getDocumentationComment(this.#checker))
      .replaceAll(/\s+/g, " ");
    const optional = (symbol.flags & ts.SymbolFlags.Optional) !== 0;
    const fallback = /\bDefault:? (.+?)(?:\.(?:\s|$)|$)/.exec(text);
    if (text === "") throw new Error(`option ${name} has no doc comment`);
    if (optional && !fallback) throw new Error(`option ${name}: its doc comment does not say "Default …"`);
    const says = fallback ? text.replace(fallback[0], "").replaceAll(/\s+/g, " ").trim() : text;
    return { name, type: this.#type(symbol), fallback: fallback?.[1]?.replaceAll("`", ""), says };
  }

  #type(symbol: ts.Symbol): string {
    const declared = symbol.declarations?.find((node) => ts.isPropertySignature(node))?.type;
    return declared?.getText().replaceAll(/\s+/g, " ") ?? "";
  }

  // An option that is itself made of options of ours, or a list of such.
  #inside(type: ts.Type): { readonly type: ts.Type; readonly list: boolean } | undefined {
    const parts = partsOf(type);
    const one = parts.find(isOurs);
    if (one) return { type: one, list: false };
    const many = parts.flatMap((part) => this.#elements(part)).find(isOurs);
    return many && { type: many, list: true };
  }

  #elements(type: ts.Type): readonly ts.Type[] {
    if (!this.#checker.isArrayType(type)) return [];
    return this.#checker.getTypeArguments(type as ts.TypeReference).flatMap(partsOf);
  }
}

function partsOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

function isOurs(type: ts.Type): boolean {
  const declared = type.getSymbol()?.declarations?.[0];
  return (
    declared !== undefined &&
    ts.isInterfaceDeclaration(declared) &&
    declared.getSourceFile().fileName.includes("packages/strategies/src/")
  );
}

/** Options as a Markdown table. */
export function optionTable(options: readonly OptionDoc[]): string {
  const rows = options.map(({ name, type, fallback, says }) => [
    `\`${name}\``,
    `\`${type}\``,
    fallback === undefined ? "needed" : asDefault(fallback),
    says,
  ]);
  return markdownTable(["option", "type", "default", "what it does"], rows);
}

// A value is code, a sentence is not.
function asDefault(text: string): string {
  return /^(?:[["\d{]|true$|false$)/.test(text) ? `\`${text}\`` : text;
}

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableRow(head), `|${head.map(() => "---|").join("")}`, ...rows.map(tableRow)].join("\n");
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
