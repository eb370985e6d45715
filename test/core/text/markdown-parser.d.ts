/**
 * The part of the Markdown parser's types that the tests use.
 * Rule: the packages' own types bring a type that makes Temporal's durations stricter than documented; these types
 * keep it out of the type check.
 */
declare module 'mdast-util-from-markdown' {
  export interface MarkdownNode {
    type: string;
    children?: MarkdownNode[];
  }
  export function fromMarkdown(
    text: string,
    options: { extensions: unknown[]; mdastExtensions: unknown[] },
  ): MarkdownNode;
}
declare module 'mdast-util-gfm' {
  export function gfmFromMarkdown(): unknown;
}
declare module 'micromark-extension-gfm' {
  export function gfm(): unknown;
}
