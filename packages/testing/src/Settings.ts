import * as ConfigProvider from "effect/ConfigProvider"
import * as Layer from "effect/Layer"

/** Configuration by these values alone, named as variables are. */
export const settings = (values: Readonly<Record<string, string>>): Layer.Layer<never> =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(values)), { pathDelim: "_" }))
