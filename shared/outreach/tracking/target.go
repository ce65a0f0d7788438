package tracking

import (
	"fmt"
	"net/url"
	"strings"
)

// Target checks where a link in a message leads: to the shop itself or to one of the hosts it names (carriers), by
// https. It is asked when the message is made, so that following a link never leads anywhere that was not there before.
// http is allowed for the shop itself where its own address has it, as on a laptop.
func Target(link, shop string, hosts []string) (string, error) {
	u, err := url.Parse(link)
	// A user in an address hides where it leads.
	if err != nil || u.Host == "" || u.User != nil {
		return "", fmt.Errorf("tracking: %q is no address of a page", link)
	}
	own, err := url.Parse(shop)
	if err != nil {
		return "", fmt.Errorf("tracking: shop %q: %w", shop, err)
	}
	// By the exact host and port.
	if u.Scheme != "https" && !(u.Scheme == "http" && u.Host == own.Host && own.Scheme == "http") {
		return "", fmt.Errorf("tracking: %q is not https", link)
	}
	if strings.EqualFold(u.Host, own.Host) {
		// u.String writes the address anew, so that nothing is left that browsers read differently.
		return u.String(), nil
	}
	for _, host := range hosts {
		// Hosts are named without a port.
		if strings.EqualFold(u.Hostname(), host) && u.Port() == "" {
			return u.String(), nil
		}
	}
	return "", fmt.Errorf("tracking: messages may not link to %q", u.Host)
}
