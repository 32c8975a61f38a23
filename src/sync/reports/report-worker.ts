import type { Row } from '../../connectors/index.ts'
import { parseJson } from '../../json/json.ts'
import type { OpenFile } from '../../storage/index.ts'
import { ParquetFile } from './parquet-file.ts'
import type { FileTraffic } from './report-files.ts'
import { Survey } from './survey.ts'

/** A file that was begun. */
interface Begun {
  readonly survey: Survey
  file: ParquetFile | undefined
}

/** Main program of the thread that writes report files. */
export const open: OpenFile<FileTraffic, undefined> = () => {
  const begun = new Map<number, Begun>()

  function read(question: FileTraffic['question']): FileTraffic['answer'] {
    if (question.do === 'begin') {
      begun.set(question.id, { survey: new Survey(question.wanted), file: undefined })
      return undefined
    }
    const one = begun.get(question.id)
    if (!one) throw new Error('the file was not begun')
    const rowsOf = (texts: readonly string[]): Row[] =>
      texts.map((text) => one.survey.complete(parseJson(text)))
    switch (question.do) {
      case 'survey':
        one.survey.add(rowsOf(question.texts))
        return undefined
      case 'surveyed': {
        const { records, watermark } = one.survey.found
        return { records, watermark }
      }
      case 'open':
        one.file = new ParquetFile(question.path, one.survey.found.columns, question.metadata)
        return undefined
      case 'write':
        for (const row of rowsOf(question.texts)) one.file?.add(row)
        return undefined
      case 'end':
        return one.file?.end()
      case 'drop':
        begun.delete(question.id)
        one.file?.drop()
        return undefined
    }
  }

  return {
    opened: undefined,
    file: { read, append: (batch) => batch, tidy: () => false, close() {} },
  }
}
