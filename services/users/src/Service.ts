import * as Layer from "effect/Layer"
import { ClientKeys } from "./ClientKeys.ts"
import { CreateRequestedLive } from "./CreateRequested.ts"
import { UserIds } from "./UserIds.ts"
import { UserRecords } from "./UserRecords.ts"
import { UsersLive } from "./Users.ts"

/** All that the service does, but for its ports. */
export const UsersServiceLive = Layer.merge(UsersLive, CreateRequestedLive).pipe(
  Layer.provide(ClientKeys.Default),
  Layer.provide(Layer.merge(UserIds.Default, UserRecords.Default))
)
