import type { Terminator } from '../../farm/subject.js'
import { adfs } from './adfs.js'
import { applicationGateway } from './application-gateway.js'
import { cloudflare } from './cloudflare.js'
import { f5 } from './f5.js'
import { haproxy } from './haproxy.js'
import { kemp } from './kemp.js'
import { netscaler } from './netscaler.js'
import { nginx } from './nginx.js'
import { other } from './other.js'
import type { Recipe } from './recipe.js'
import { wap } from './wap.js'

/** Who ends TLS, and how each gets another chain; in the order in which lists name them. */
export const recipes: Readonly<Record<Terminator, Recipe>> = {
  adfs,
  wap,
  nginx,
  haproxy,
  netscaler,
  f5,
  kemp,
  'application-gateway': applicationGateway,
  cloudflare,
  other,
}
