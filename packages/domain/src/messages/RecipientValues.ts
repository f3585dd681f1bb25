import type { Profile } from "../Profile.ts"
import type { FieldValues } from "./Template.ts"

const grouped = new Intl.NumberFormat("en")

/** Longest value of a field that is no address, in code points. */
const longest = 200

const clip = (value: string): string => [...value].slice(0, longest).join("")

const isWebPage = (url: string): boolean => url.length <= 2_000 && /^https?:\/\/[^\s"'<>]+$/i.test(url)

/** What is known of an account for the fields of a template. */
export const valuesOf = ({ fields, handle, platform }: Profile): FieldValues => {
  const { categories, country, followers, language, name, url } = fields
  const [category] = categories ?? []
  return {
    handle,
    platform,
    ...(name === undefined ? {} : { displayName: clip(name) }),
    ...(followers === undefined ? {} : { followers: grouped.format(followers) }),
    ...(country === undefined ? {} : { country }),
    ...(language === undefined ? {} : { language }),
    ...(category === undefined ? {} : { category: clip(category) }),
    ...(url === undefined || !isWebPage(url) ? {} : { profileUrl: url })
  }
}
