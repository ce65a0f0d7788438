package api

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// A list is [] when it is empty, never null: a client need not check for both. Responses are held to it by the tests'
// client (apitest), requests by validation.
func init() { huma.DefaultArrayNullable = false }

// subjects maps a package whose types appear in the API to the word that begins their schema names, where that is not
// the package's own name. The empty word leaves the type's name as it is.
var subjects = map[string]string{"catalog": "Product", "shopify": "Import", "problem": "", "address": ""}

// named are the types whose schema is named for what it is in the API and not for its place in the source.
var named = map[string]string{
	"money.Formatted": "Money",      // in answers, with the display string
	"money.Money":     "MoneyInput", // in requests
	"problem.Field":   "ProblemField",
	"cart.Address":    "Address",
}

// schemaNamer gives schemas names that mean something without their Go package: a type of a shared package begins with
// the package's subject (promotion.Terms is PromotionTerms), an anonymous body is the Request or Response of its
// operation, with the function's subject in front (setLineInput of carts is CartSetLineRequest).
func schemaNamer(function string) func(reflect.Type, string) string {
	own := capital(strings.TrimSuffix(function, "s"))
	return func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		// Types without a package are made by Huma of a body; the name comes from the operation.
		if t.PkgPath() == "" {
			return subject(own, anonymous(name))
		}
		pkg := path.Base(t.PkgPath())
		if n, ok := named[pkg+"."+t.Name()]; ok {
			return n
		}
		// A type of the function itself is named as it is: there is only one function with it.
		if !strings.Contains(t.PkgPath(), "/shared/") {
			return name
		}
		word, ok := subjects[pkg]
		if !ok {
			word = capital(pkg)
		}
		return subject(word, name)
	}
}

// subject puts the word in front, unless the name has it already.
func subject(word, name string) string {
	if strings.Contains(name, word) {
		return name
	}
	return word + name
}

// anonymous turns the hint that Huma makes of an input or output struct into the name of its body.
func anonymous(hint string) string {
	for _, s := range [][2]string{{"InputBody", "Request"}, {"ListBody", "List"}, {"OutputBody", "Response"}} {
		if n, ok := strings.CutSuffix(hint, s[0]); ok {
			return n + s[1]
		}
	}
	return hint
}

// capital makes a Go name of a package's or function's: gift-cards is GiftCards.
func capital(word string) string {
	var b strings.Builder
	for _, part := range strings.Split(word, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
