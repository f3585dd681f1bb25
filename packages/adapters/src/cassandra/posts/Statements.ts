import type { ProfileId } from "@influscope/domain/ProfileId"
import type { Post, PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import type { Place } from "../../posts/Place.ts"
import { analysisText, postText } from "../../posts/Stored.ts"
import type { Statement } from "../Database.ts"

const quarterMillis = 91 * 86_400_000

/** The part of time whose posts of an author are together: some hundred posts of who publishes daily. */
export const quarterOf = (publishedAt: number): number => Math.floor(publishedAt / quarterMillis)

/** Cassandra takes the moment a write counts from in microseconds. */
const asOf = (observedAt: number): number => observedAt * 1_000

/** The statements, by the keyspace of their tables. */
export const statementsIn = (keyspace: string) => {
  const putPost = `UPDATE ${keyspace}.posts USING TIMESTAMP ? SET post = ? WHERE id = ?`
  const putAnalysis = `UPDATE ${keyspace}.posts USING TIMESTAMP ? SET analysis = ? WHERE id = ?`
  const remove = `UPDATE ${keyspace}.posts USING TIMESTAMP ? SET post = null, analysis = null, deleted = ? WHERE id = ?`
  const get = `SELECT post, analysis, deleted FROM ${keyspace}.posts WHERE id = ?`
  const putPlace = `INSERT INTO ${keyspace}.posts_by_author (author, quarter, published_at, id) VALUES (?, ?, ?, ?) USING TIMESTAMP ?`
  const removePlace = `DELETE FROM ${keyspace}.posts_by_author USING TIMESTAMP ? WHERE author = ? AND quarter = ? AND published_at = ? AND id = ?`
  const places = `SELECT published_at, id FROM ${keyspace}.posts_by_author WHERE author = ? AND quarter = ? AND (published_at, id) < (?, ?) LIMIT ?`
  const putQuarter = `INSERT INTO ${keyspace}.author_quarters (author, quarter) VALUES (?, ?)`
  const quarters = `SELECT quarter FROM ${keyspace}.author_quarters WHERE author = ? AND quarter <= ?`
  return {
    putPost: (post: Post): Statement => ({
      query: putPost,
      parameters: [asOf(post.observedAt), postText(post), post.id]
    }),
    putAnalysis: (analysis: PostAnalysis): Statement => ({
      query: putAnalysis,
      parameters: [asOf(analysis.observedAt), analysisText(analysis), analysis.post]
    }),
    remove: (id: PostId, observedAt: number): Statement => ({
      query: remove,
      parameters: [asOf(observedAt), new Date(observedAt), id]
    }),
    get: (id: PostId): Statement => ({ query: get, parameters: [id] }),
    putPlace: ({ author, id, observedAt, publishedAt }: Post): Statement => ({
      query: putPlace,
      parameters: [author, quarterOf(publishedAt), new Date(publishedAt), id, asOf(observedAt)]
    }),
    /** Of what stands there as far as `observedAt`. */
    removePlace: ({ author, id, publishedAt }: Post, observedAt: number): Statement => ({
      query: removePlace,
      parameters: [asOf(observedAt), author, quarterOf(publishedAt), new Date(publishedAt), id]
    }),
    /** Those after a place, newest first. */
    places: (author: ProfileId, quarter: number, { id, publishedAt }: Place, limit: number): Statement => ({
      query: places,
      parameters: [author, quarter, new Date(publishedAt), id, limit]
    }),
    putQuarter: (author: ProfileId, quarter: number): Statement => ({
      query: putQuarter,
      parameters: [author, quarter]
    }),
    /** The latest first. */
    quarters: (author: ProfileId, latest: number): Statement => ({
      query: quarters,
      parameters: [author, latest]
    })
  }
}
