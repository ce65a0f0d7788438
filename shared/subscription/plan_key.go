package subscription

import "dangol/shared/platform/table"

// PlanKey is where the latest version of a plan is stored. Promotions look there whether a plan that they name exists.
func PlanKey(id string) table.Key { return table.Key{PK: "PLAN#" + id, SK: "PLAN"} }
