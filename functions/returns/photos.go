package returns

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"dangol/shared/platform/problem"
)

// photoTypes are the endings of addresses that can be photos.
var photoTypes = []string{".jpg", ".jpeg", ".png", ".webp"}

// photos checks the addresses of a line's photos: absolute, https, without user or fragment, and of a type that is a
// photo. The storefront uploads them; what is behind an address is shown to people only.
func photos(line int, addresses []string) error {
	for _, a := range addresses {
		u, err := url.Parse(a)
		// What follows a # is never sent to a server, and a user in an address hides where it
		// leads.
		ok := err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.Fragment == "" && len(a) <= 500 &&
			slices.Contains(photoTypes, strings.ToLower(path.Ext(u.Path)))
		if !ok {
			return problem.InvalidField(at(line, "photos"), "wrong_format", "https addresses of JPEG, PNG or WebP photos")
		}
	}
	return nil
}
