import { type Signal, useSignal } from "@preact/signals"
import type { TargetedSubmitEvent } from "preact"
import { useEffect } from "preact/hooks"
import {
  type Answer,
  addCampaign,
  addTemplate,
  type Campaigns,
  changeCampaign,
  type Failure,
  getCampaigns,
  getTemplates,
  type Preview,
  previewCampaign,
  type Templates
} from "./Client.ts"
import { formatCount } from "./Format.ts"
import { CloseIcon } from "./Icons.tsx"
import { Modal } from "./Modal.tsx"
import { queryParams } from "./Query.ts"
import { query, results } from "./Store.ts"

/** Milliseconds between two looks at how campaigns get on. */
const lookAgain = 2_000

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

type Campaign = Campaigns["campaigns"][number]
type Outreach = {
  readonly templates: Signal<Templates["templates"]>
  readonly campaigns: Signal<Campaigns["campaigns"]>
  readonly failure: Signal<Failure | undefined>
  /** Does something, shows why it failed, and looks at everything again. */
  readonly act: (action: (signal: AbortSignal) => Promise<Answer<unknown>>) => Promise<boolean>
}

const FailureText = ({ failure }: { readonly failure: Failure }) => (
  <div role="alert">
    <p>{failure.detail}</p>
    <ul>
      {failure.errors.map(({ message, path }) => (
        <li key={path}>
          {path}: {message}
        </li>
      ))}
    </ul>
  </div>
)

/** The values of a form by the names of its fields, blanks left out. */
const valuesOf = (form: HTMLFormElement): ReadonlyMap<string, string> =>
  new Map(
    [...new FormData(form)].flatMap(([name, value]) =>
      typeof value === "string" && value.trim() !== "" ? [[name, value.trim()] as const] : []
    )
  )

const onSubmitted =
  (submit: (values: ReadonlyMap<string, string>, form: HTMLFormElement) => void) =>
  (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    submit(valuesOf(event.currentTarget), event.currentTarget)
  }

const NewTemplate = ({ act }: Pick<Outreach, "act">) => (
  <form
    class="outreach-form"
    onSubmit={onSubmitted((values, form) => {
      const given = (name: string): string => values.get(name) ?? ""
      const displayName = values.get("default")
      const template = {
        name: given("name"),
        subject: given("subject"),
        text: given("text"),
        ...(displayName === undefined ? {} : { defaults: { displayName } })
      }
      void act((signal) => addTemplate(template, signal)).then((done) => {
        if (done) form.reset()
      })
    })}
  >
    <label>
      Name
      <input name="name" required maxLength={100} />
    </label>
    <label>
      Subject
      <input name="subject" required maxLength={200} placeholder="Hello {{displayName}}" />
    </label>
    <label>
      {"Text, with fields such as {{displayName}}, {{followers}} and {{unsubscribeUrl}}"}
      <textarea name="text" rows={6} required />
    </label>
    <label>
      In place of a name that is not known
      <input name="default" placeholder="there" />
    </label>
    <div class="actions">
      <button type="submit" class="button">
        Keep this template
      </button>
    </div>
  </form>
)

const Samples = ({ preview }: { readonly preview: Preview }) => (
  <>
    <p class="quiet">It is for {formatCount(preview.total)} profiles; the first of them:</p>
    {preview.samples.map(({ id, message, skipped }) => (
      <div key={id} class="outreach-sample">
        <strong>{id}</strong>
        {message === null ? ` is left out: ${skipped}` : `\n${message.subject}\n\n${message.text}`}
      </div>
    ))}
  </>
)

const NewCampaign = ({ act, failure, templates }: Outreach) => {
  const preview = useSignal<Preview | undefined>(undefined)
  const total = results.value?.total ?? 0

  const audienceOf = (values: ReadonlyMap<string, string>) => ({
    kind: "search" as const,
    query: queryParams(query.value).toString(),
    most: Number(values.get("most") ?? 1)
  })

  const show = (form: HTMLFormElement | null): void => {
    if (form === null) return
    const values = valuesOf(form)
    const wanted = { template: values.get("template") ?? "", audience: audienceOf(values) }
    void previewCampaign(wanted, new AbortController().signal).then((answer) => {
      preview.value = answer._tag === "Ok" ? answer.value : undefined
      failure.value = answer._tag === "Failed" ? answer.failure : undefined
    })
  }

  return (
    <form
      class="outreach-form"
      onSubmit={onSubmitted((values, form) => {
        const given = (name: string): string => values.get(name) ?? ""
        const local = values.get("at")
        const campaign = {
          name: given("name"),
          template: given("template"),
          sender: { name: given("senderName"), address: given("senderAddress") },
          audience: audienceOf(values),
          ...(local === undefined ? {} : { sendAt: { local, zone } })
        }
        void act((signal) => addCampaign(campaign, signal)).then((done) => {
          if (!done) return
          preview.value = undefined
          form.reset()
        })
      })}
    >
      <p class="quiet">To the profiles that the search on the page finds, the first of them first.</p>
      <label>
        Name
        <input name="name" required maxLength={100} />
      </label>
      <label>
        Template
        <select name="template" required>
          {templates.value.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {`To how many of ${formatCount(total)}`}
        <input
          name="most"
          type="number"
          required
          min={1}
          max={Math.max(1, Math.min(total, 100_000))}
          defaultValue={String(Math.max(1, Math.min(total, 100)))}
        />
      </label>
      <label>
        Your name
        <input name="senderName" required maxLength={100} />
      </label>
      <label>
        Your address
        <input name="senderAddress" type="email" required />
      </label>
      <label>
        {`When, by the clock of ${zone}; at once when empty`}
        <input name="at" type="datetime-local" />
      </label>
      <div class="actions">
        <button type="button" class="button" onClick={(event) => show(event.currentTarget.form)}>
          Preview
        </button>{" "}
        <button type="submit" class="button primary">
          Send
        </button>
      </div>
      {preview.value === undefined ? null : <Samples preview={preview.value} />}
    </form>
  )
}

const changesOf: { readonly [state in Campaign["state"]]: ReadonlyArray<"pause" | "resume" | "cancel"> } = {
  preparing: ["pause", "cancel"],
  scheduled: ["pause", "cancel"],
  sending: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  cancelled: [],
  finished: []
}

const buttonTexts = { pause: "Pause", resume: "Resume", cancel: "Cancel" }

const countsText = (counts: Campaign["recipients"]): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${formatCount(count)} ${state}`)
    .join(", ")

const CampaignTable = ({ act, campaigns }: Outreach) =>
  campaigns.value.length === 0 ? (
    <p class="quiet">There are none yet.</p>
  ) : (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Recipients</th>
        </tr>
      </thead>
      <tbody>
        {campaigns.value.map(({ id, name, recipients, state }) => (
          <tr key={id} data-campaign={id}>
            <th scope="row">{name}</th>
            <td>{state}</td>
            <td>
              {countsText(recipients)}
              <div class="actions">
                {changesOf[state].map((how) => (
                  <button
                    key={how}
                    type="button"
                    class="link"
                    aria-label={`${buttonTexts[how]} ${name}`}
                    onClick={() => void act((signal) => changeCampaign(id, how, signal))}
                  >
                    {buttonTexts[how]}{" "}
                  </button>
                ))}
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )

/** Templates, and campaigns for whom the search on the page finds; what became of them is looked at while it is open. */
export const OutreachPanel = ({ onClose }: { readonly onClose: () => void }) => {
  const templates = useSignal<Templates["templates"]>([])
  const campaigns = useSignal<Campaigns["campaigns"]>([])
  const failure = useSignal<Failure | undefined>(undefined)
  const open = useSignal(new AbortController())

  const look = async (): Promise<void> => {
    const { signal } = open.value
    const [kept, sent] = await Promise.all([getTemplates(signal), getCampaigns(signal)])
    if (signal.aborted) return
    if (kept._tag === "Ok") templates.value = kept.value.templates
    if (sent._tag === "Ok") campaigns.value = sent.value.campaigns
    if (kept._tag === "Failed") failure.value = kept.failure
  }

  const act: Outreach["act"] = async (action) => {
    const answer = await action(open.value.signal)
    failure.value = answer._tag === "Failed" ? answer.failure : undefined
    await look()
    return answer._tag === "Ok"
  }

  useEffect(() => {
    void look()
    const looking = setInterval(() => void look(), lookAgain)
    return () => {
      clearInterval(looking)
      open.value.abort()
    }
  }, [])

  const outreach: Outreach = { templates, campaigns, failure, act }
  return (
    <Modal kind="panel" label="Outreach" onClose={onClose}>
      <button type="button" class="icon-button modal-close" aria-label="Close outreach" onClick={onClose}>
        <CloseIcon />
      </button>
      <h2>Outreach</h2>
      {failure.value === undefined ? null : <FailureText failure={failure.value} />}
      <section class="detail-section">
        <h3>Campaigns</h3>
        <CampaignTable {...outreach} />
      </section>
      <section class="detail-section">
        <h3>New campaign</h3>
        {templates.value.length === 0 ? (
          <p class="quiet">Write a template first.</p>
        ) : (
          <NewCampaign {...outreach} />
        )}
      </section>
      <section class="detail-section">
        <h3>New template</h3>
        <NewTemplate act={act} />
      </section>
    </Modal>
  )
}
