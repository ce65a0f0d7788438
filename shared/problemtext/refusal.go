package problemtext

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
)

// refusals are read when a code is first refused: by reason and language.
var refusals = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	// A broken file leaves the reasons without texts, which the test of this package notices.
	if raw, err := files.ReadFile("refusals.json"); err == nil {
		_ = json.Unmarshal(raw, &all)
	}
	return all
})

// Refusal is why a discount code does nothing, for shoppers: reason is a promotion.Reason, amount (as shown, such as
// ₩5,000) and units are what is missing for it, if it is known. The language is chosen as in For; "" for a reason that
// has no text.
func Refusal(reason, amount string, units int, accept string) string {
	missing := ""
	switch {
	case amount != "":
		reason, missing = reason+".amount", amount
	case units > 0:
		reason, missing = reason+".units", strconv.Itoa(units)
	}
	return strings.ReplaceAll(refusals()[reason][language(accept)], "{missing}", missing)
}
