// Shows the types in use, and fails to compile when the document no longer says what a storefront relies on.
import type { components, operations } from "./api";

type Cart = components["schemas"]["Cart"];
type Checkout = operations["startCheckout"]["requestBody"]["content"]["application/json"];
type Problem = components["schemas"]["Problem"];

/** What a shopper still has to do before this cart can be bought. */
export function blockers(cart: Cart): string[] {
  return cart.problems.filter((p) => p.blocking).map((p) => p.code);
}

/** The amount on the pay button, as the shop formats it. */
export function payButton(cart: Cart): string {
  return `${cart.totals.total.display} · ${cart.lines.length}`;
}

export const pay: Checkout = { paymentMethod: "pm_card_visa", returnUrl: "https://shop.example.com/back" };

/** Points at the first wrong field of a form. */
export function firstField(problem: Problem): string | undefined {
  return problem.errors?.[0]?.pointer;
}
