/** Quotes a text for Google's query language. */
export const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
