import { Avatar } from "./Avatar.tsx"
import type { Hit } from "./Client.ts"
import {
  formatChange,
  formatCompact,
  formatCount,
  formatPercent,
  tierRange,
  unknown,
  valueName
} from "./Format.ts"
import { Highlighted } from "./Highlighted.tsx"
import { type Range, snippet } from "./Highlights.ts"
import { VerifiedMark } from "./Icons.tsx"
import { queryParams } from "./Query.ts"
import { openProfile, query } from "./Store.ts"

const rangesOf = (
  hit: Hit,
  field: Hit["highlights"][number]["field"],
  index?: number
): ReadonlyArray<Range> =>
  hit.highlights.filter((one) => one.field === field && (index === undefined || one.index === index))

const shift = (ranges: ReadonlyArray<Range>, by: number): ReadonlyArray<Range> =>
  ranges.map(({ start, end }) => ({ start: start + by, end: end + by }))

const profileAddress = (id: string): string => {
  const params = queryParams(query.value)
  params.set("profile", id)
  return `?${params}`
}

const Bio = ({ hit }: { readonly hit: Hit }) => {
  if (hit.bio === null || hit.bio.trim() === "") return null
  const cut = snippet(hit.bio, rangesOf(hit, "bio"))
  return (
    <p class="bio" dir="auto">
      <Highlighted text={cut.text} ranges={cut.ranges} />
    </p>
  )
}

/** Where the account lives and what it is about. */
const Labels = ({ hit }: { readonly hit: Hit }) => (
  <ul class="labels">
    <li class="badge">{valueName("platform", hit.platform)}</li>
    {hit.tier === null ? null : (
      <li class="badge" title={`${tierRange(hit.tier) ?? ""} followers`}>
        {valueName("tier", hit.tier)}
      </li>
    )}
    {hit.categories.slice(0, 4).map((category, index) => (
      <li key={category} class="label" dir="auto">
        <Highlighted text={category} ranges={rangesOf(hit, "categories", index)} />
      </li>
    ))}
    {hit.categories.length > 4 ? <li class="label">+{hit.categories.length - 4}</li> : null}
    {hit.country === null ? null : <li class="label">{valueName("country", hit.country)}</li>}
  </ul>
)

const Figures = ({ hit }: { readonly hit: Hit }) => (
  <dl class="figures">
    <div
      title={hit.followers === null ? "No source states the number of followers" : formatCount(hit.followers)}
    >
      <dd>{hit.followers === null ? unknown : formatCompact(hit.followers)}</dd>
      <dt>followers</dt>
      {hit.growth30 === null ? null : (
        <dd class="trend" title="Followers over 30 days">
          {formatChange(hit.growth30)} (30 d)
        </dd>
      )}
    </div>
    <div
      title={
        hit.engagementRate === null
          ? "A figure that the rate is computed from is not known; the profile says which"
          : "Engagement rate, by the formula of its platform"
      }
    >
      <dd>{hit.engagementRate === null ? unknown : formatPercent(hit.engagementRate)}</dd>
      <dt>engagement</dt>
    </div>
  </dl>
)

/** One hit. The whole row is the link; its address opens the profile in a new tab as well. */
export const ResultRow = ({ hit }: { readonly hit: Hit }) => {
  const title = hit.name === null || hit.name.trim() === "" ? hit.handle : hit.name
  const named = title !== hit.handle
  return (
    <li class="hit">
      <Avatar url={hit.avatarUrl} label={title} size={48} />
      <div class="hit-main">
        <h3>
          <a
            href={profileAddress(hit.id)}
            data-hit={hit.id}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return
              event.preventDefault()
              openProfile(hit.id)
            }}
          >
            <bdi>
              <Highlighted text={title} ranges={rangesOf(hit, named ? "name" : "handle")} />
            </bdi>
          </a>
          {hit.verified === true ? <VerifiedMark /> : null}
          <bdi class="handle">
            <Highlighted text={`@${hit.handle}`} ranges={named ? shift(rangesOf(hit, "handle"), 1) : []} />
          </bdi>
        </h3>
        <Bio hit={hit} />
        <Labels hit={hit} />
      </div>
      <Figures hit={hit} />
    </li>
  )
}
