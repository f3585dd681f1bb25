import { useRef } from "preact/hooks"
import { Avatar } from "./Avatar.tsx"
import { type Details, profilePath } from "./Client.ts"
import { DownloadLink } from "./DownloadLink.tsx"
import {
  fieldTexts,
  formatChange,
  formatCompact,
  formatCount,
  formatDay,
  formatExact,
  formatPercent,
  reasonText,
  tierRange,
  type Unit,
  unknown,
  valueName
} from "./Format.ts"
import { GrowthSection } from "./GrowthSection.tsx"
import { CloseIcon, OutwardIcon, VerifiedMark } from "./Icons.tsx"
import { focusHit } from "./Keyboard.ts"
import { Modal } from "./Modal.tsx"
import { PostsSection } from "./PostsSection.tsx"
import { ErrorState } from "./States.tsx"
import { closeProfile, details, detailsFailure, openId, retryDetails } from "./Store.ts"

type Field = keyof typeof fieldTexts

const isField = (name: string): name is Field => Object.hasOwn(fieldTexts, name)
const fields = Object.keys(fieldTexts).filter(isField)
const figureFields = fields.filter((name) => fieldTexts[name][1] !== "text")
const textFields = fields.filter((name) => fieldTexts[name][1] === "text")

/** Only web addresses become links: a profile's address is a stranger's text. */
const webAddress = (text: string | null): string | undefined =>
  text !== null && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined

const isKnown = (profile: Details, name: Field): boolean => profile[name] !== null

const numberText = (value: number, unit: Unit): string => {
  if (unit === "change") return formatChange(value)
  return unit === "percent" ? formatPercent(value) : formatExact(value)
}

const valueText = (profile: Details, name: Field): string => {
  const value = profile[name]
  if (value === null) return unknown
  if (typeof value === "number") return numberText(value, fieldTexts[name][1])
  if (typeof value === "boolean") return value ? "Yes" : "No"
  if (typeof value !== "string") return value.join(", ")
  if (name === "bio") return "as above"
  return name === "country" || name === "language" ? valueName(name, value) : value
}

const SourceCell = ({ profile, name }: { readonly profile: Details; readonly name: Field }) => {
  const said = profile.provenance[name]
  if (said === undefined) return <td title="Nobody is on record for this figure">{unknown}</td>
  return (
    <td class="source">
      <bdi>{said.source}</bdi>,{" "}
      <time dateTime={said.observedAt} title={said.observedAt}>
        {formatDay(said.observedAt)}
      </time>
    </td>
  )
}

const FieldTable = ({
  profile,
  title,
  names
}: {
  readonly profile: Details
  readonly title: string
  readonly names: ReadonlyArray<Field>
}) => {
  const known = names.filter((name) => isKnown(profile, name))
  const numeric = names.some((name) => fieldTexts[name][1] !== "text")
  const missing = names.filter((name) => !isKnown(profile, name))
  return (
    <section class="detail-section">
      <h3>{title}</h3>
      {known.length === 0 ? null : (
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col" class={numeric ? "number" : ""}>
                Value
              </th>
              <th scope="col">Source, day (UTC)</th>
            </tr>
          </thead>
          <tbody>
            {known.map((name) => (
              <tr key={name} data-field={name}>
                <th scope="row">{fieldTexts[name][0]}</th>
                <td class={numeric ? "number" : ""} dir="auto">
                  {valueText(profile, name)}
                </td>
                <SourceCell profile={profile} name={name} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {missing.length === 0 ? null : (
        <p class="quiet">
          No source states: {missing.map((name) => fieldTexts[name][0].toLowerCase()).join(", ")}.
        </p>
      )}
    </section>
  )
}

const Headline = ({ profile }: { readonly profile: Details }) => {
  const rate = profile.engagementRate
  return (
    <dl class="headline">
      <div title={profile.followers === null ? "No source states the number of followers" : undefined}>
        <dt>Followers</dt>
        <dd title={profile.followers === null ? undefined : formatCount(profile.followers)}>
          {profile.followers === null ? unknown : formatCompact(profile.followers)}
        </dd>
        <dd class="quiet">
          {profile.tier === null
            ? "audience size unknown"
            : `${valueName("tier", profile.tier)}: ${tierRange(profile.tier) ?? ""}`}
        </dd>
      </div>
      <div>
        <dt>Engagement rate</dt>
        <dd title={rate === null ? reasonText(profile.engagementReason) : undefined}>
          {rate === null ? unknown : formatPercent(rate)}
        </dd>
        <dd class="quiet" data-part="formula">
          {rate === null ? `${reasonText(profile.engagementReason)} ` : "Formula "}
          {rate === null ? null : <code>{profile.engagementFormula}</code>}
        </dd>
      </div>
    </dl>
  )
}

const About = ({ profile }: { readonly profile: Details }) => {
  const title = profile.name === null || profile.name.trim() === "" ? profile.handle : profile.name
  const page = webAddress(profile.url)
  return (
    <>
      <div class="detail-head">
        <Avatar url={profile.avatarUrl} label={title} size={72} />
        <div>
          <h2>
            <bdi>{title}</bdi>
            {profile.verified === true ? <VerifiedMark /> : null}
          </h2>
          <p class="handle">
            <bdi>@{profile.handle}</bdi> on {valueName("platform", profile.platform)}
          </p>
        </div>
      </div>
      {profile.bio === null || profile.bio.trim() === "" ? null : (
        <p class="detail-bio" dir="auto">
          {profile.bio}
        </p>
      )}
      <ul class="labels">
        {(profile.categories ?? []).map((category) => (
          <li key={category} class="label" dir="auto">
            {category}
          </li>
        ))}
        {profile.country === null ? null : <li class="label">{valueName("country", profile.country)}</li>}
        {profile.language === null ? null : <li class="label">{valueName("language", profile.language)}</li>}
      </ul>
      <p class="detail-links">
        {page === undefined ? null : (
          <a class="outward" href={page} target="_blank" rel="noopener noreferrer">
            Page on {valueName("platform", profile.platform)}
            <OutwardIcon />
          </a>
        )}
        <DownloadLink
          class="outward"
          href={profilePath(profile.id)}
          name={`${profile.handle}.json`}
          target="_blank"
          rel="noopener"
        >
          As JSON
          <OutwardIcon />
        </DownloadLink>
      </p>
      <Headline profile={profile} />
      <GrowthSection key={profile.id} id={profile.id} />
      <PostsSection key={`posts ${profile.id}`} id={profile.id} />
      <FieldTable profile={profile} title="Figures" names={figureFields} />
      <FieldTable profile={profile} title="Particulars" names={textFields} />
    </>
  )
}

const DetailSkeleton = () => (
  <div aria-hidden="true">
    <div class="detail-head">
      <span class="avatar avatar-72 bone" />
      <div>
        <span class="bone bone-title" />
        <span class="bone bone-short" />
      </div>
    </div>
    <span class="bone bone-block" />
    <span class="bone bone-block" />
  </div>
)

const Content = () => {
  if (detailsFailure.value !== undefined)
    return <ErrorState failure={detailsFailure.value} onRetry={retryDetails} />
  return details.value === undefined ? <DetailSkeleton /> : <About profile={details.value} />
}

/** The open profile with every figure, who said it and when. */
export const DetailPanel = () => {
  const last = useRef("")
  if (openId.value === undefined) return null
  last.current = openId.value
  return (
    // Leaving, the focus goes to the profile last looked at, not to the one first opened.
    <Modal kind="panel" label="Profile" onClose={closeProfile} onClosed={() => focusHit(last.current)}>
      <button type="button" class="icon-button modal-close" aria-label="Close profile" onClick={closeProfile}>
        <CloseIcon />
      </button>
      <Content />
    </Modal>
  )
}
