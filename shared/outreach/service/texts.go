package service

import "dangol/shared/mail/texts"

// pushTitle is the title of a push message, "push.<template>.title" of the catalog; a test keeps every push step of the
// series from lacking one. The body is what the storefront's service worker shows under it.
func pushTitle(template, language string) string {
	catalog, err := texts.Of(language)
	if err != nil {
		return ""
	}
	title, err := catalog.Text("push." + template + ".title")
	if err != nil {
		return ""
	}
	return title
}
