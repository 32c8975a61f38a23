import { z } from '@hono/zod-openapi'
import { type Shader, SLOT_CLASSES } from './shading/index.ts'

const Units = z.number().openapi({ description: 'For a thousand impressions.' })

export const ShadingBody = z
  .object({
    slot: z.enum(SLOT_CLASSES),
    auctions: z.int().openapi({ description: 'Auctions that count; those long ago count less.' }),
    isLearning: z.boolean().openapi({ description: 'Too few are known: the whole worth is bid.' }),
    follows: z.enum(['price', 'worth']).openapi({
      description:
        'What foretells better who wins, and is followed: the price, or its share of what the impression is worth.',
    }),
    typical: z
      .object({ worth: Units, price: Units })
      .optional()
      .openapi({ description: 'What is bid for an impression of the mean worth, where there is no floor.' }),
    curve: z.array(z.object({ at: z.number(), chance: z.number() })).openapi({
      description: 'The chance of winning at a price for a thousand impressions, or at a share of the worth.',
    }),
  })
  .openapi('SeatShading')

/** What was learned of a class of slots, in figures that can be read. */
export function shadingBody({
  typical,
  curve,
  ...rest
}: ReturnType<Shader['shown']>[number]): z.output<typeof ShadingBody> {
  return {
    ...rest,
    ...(typical && { typical: { worth: rounded(typical.worth), price: rounded(typical.price) } }),
    curve: curve.map(({ at, chance }) => ({ at: rounded(at), chance: rounded(chance) })),
  }
}

const rounded = (figure: number): number => Number(figure.toPrecision(4))
