/**
 * The consumer of compare.ts without Dapr, Effect or our layers: `bare-consumer.ts <amqp url> <Elasticsearch url> <index>`
 * merges every batch into what the index has, computes engagement in a call of a function, writes with one _bulk, and
 * acknowledges when that was answered. The documents are the very ones that the services would have written.
 */

import { Client, HttpConnection } from "@elastic/elasticsearch"
import {
  documentOf,
  type StoredSource,
  storedFields,
  storedProfile
} from "@influscope/adapters/elasticsearch/IndexedDocument"
import { computeEngagement } from "@influscope/domain/engagement/Formulas"
import { mergeObservation } from "@influscope/domain/Profile"
import { connect } from "amqplib"
import { type Batch, tell, topic } from "./bare.ts"

/** Batches in hand at a time. */
const prefetch = 4

const [broker = "", node = "", index = ""] = process.argv.slice(2)
const elasticsearch = new Client({ node, Connection: HttpConnection, maxRetries: 0 })

const apply = async (content: Buffer): Promise<number> => {
  const { observations }: Batch = JSON.parse(content.toString())
  const { docs } = await elasticsearch.mget<StoredSource>({
    index,
    ids: observations.map(({ id }) => id),
    _source: storedFields
  })
  const operations = observations.flatMap((observation, place) => {
    const found = docs[place]
    const known = found !== undefined && "found" in found && found.found ? found : undefined
    const before = known === undefined ? undefined : storedProfile(known._source)
    const { profile } = mergeObservation(before, observation)
    const document = documentOf({
      ...profile,
      engagement: computeEngagement(profile.platform, profile.fields)
    })
    const action =
      known === undefined
        ? { create: { _id: profile.id } }
        : {
            index: {
              _id: profile.id,
              if_seq_no: known._seq_no ?? 0,
              if_primary_term: known._primary_term ?? 0
            }
          }
    return [action, document]
  })
  const { errors } = await elasticsearch.bulk({ index, operations })
  if (errors) throw new Error("Elasticsearch refused some of a batch")
  return observations.length
}

const connection = await connect(broker)
const channel = await connection.createChannel()
await channel.prefetch(prefetch)
await channel.consume(topic, (message) => {
  if (message === null) return
  void apply(message.content).then((done) => {
    channel.ack(message)
    tell({ done })
  })
})
tell("ready")
