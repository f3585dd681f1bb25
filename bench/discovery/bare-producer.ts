/**
 * The producer of compare.ts without Dapr, Effect or our layers: `bare-producer.ts <amqp url>` sends the accounts of the
 * CSV files it is told of, in batches, with pipelined publisher confirms.
 */
import type { Observation } from "@influscope/domain/Observation"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { connect } from "amqplib"
import { type Batch, batchRows, type Order, tell, topic } from "./bare.ts"

/** Unconfirmed batches before it waits. */
const maxUnconfirmed = 20

/** The cells of a line; a quoted cell has its quotes doubled, and no line breaks. */
const cellsOf = (line: string): ReadonlyArray<string> =>
  Array.from(line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g), ([, quoted, plain = ""]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"')
  )

const [url = ""] = process.argv.slice(2)
const connection = await connect(url)
const channel = await connection.createConfirmChannel()
await channel.assertExchange(topic, "fanout", { durable: true })
await channel.assertQueue(topic, { durable: true, arguments: { "x-queue-type": "quorum" } })
await channel.bindQueue(topic, topic, "")

const send = async (file: string): Promise<number> => {
  const unconfirmed = new Set<Promise<void>>()
  const publish = async (batch: Batch): Promise<void> => {
    if (unconfirmed.size >= maxUnconfirmed) await Promise.race(unconfirmed)
    const { promise, reject, resolve } = Promise.withResolvers<void>()
    channel.publish(topic, "", Buffer.from(JSON.stringify(batch)), { persistent: true }, (error) =>
      error ? reject(error) : resolve()
    )
    unconfirmed.add(promise)
    promise.finally(() => unconfirmed.delete(promise))
  }

  const at = Date.now()
  const source = file.split("/").at(-1) ?? file
  const [header = "", ...lines] = (await Bun.file(file).text()).trimEnd().split("\n")
  const titles = cellsOf(header)
  const observationOf = (line: string, ordinal: number): Observation => {
    const cells = cellsOf(line)
    const row = Object.fromEntries(titles.map((title, place) => [title, cells[place] ?? ""]))
    const handle = row["username"] ?? ""
    return {
      id: makeProfileId("instagram", handle),
      platform: "instagram",
      handle,
      source,
      observedAt: at,
      ingestedAt: at,
      ordinal,
      fields: {
        name: row["full_name"] ?? "",
        bio: row["biography"] ?? "",
        categories: [row["category"] ?? ""],
        country: row["country"] ?? "",
        language: row["language"] ?? "",
        verified: row["is_verified"] === "true",
        followers: Number(row["followers"]),
        following: Number(row["following"]),
        posts: Number(row["posts"]),
        avgLikes: Number(row["avg_likes"]),
        avgComments: Number(row["avg_comments"])
      }
    }
  }
  for (let from = 0; from < lines.length; from += batchRows)
    await publish({
      observations: lines
        .slice(from, from + batchRows)
        .map((line, place) => observationOf(line, from + place))
    })
  await Promise.all(unconfirmed)
  return lines.length
}

process.on("message", ({ file }: Order) => void send(file).then((done) => tell({ done })))
tell("ready")
