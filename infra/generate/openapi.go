package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"dangol/infra/topology"
	"dangol/shared/platform/api"
)

// document is an OpenAPI document as far as merging has to know it.
type document struct {
	OpenAPI    string                    `json:"openapi"`
	Info       map[string]any            `json:"info"`
	Servers    []map[string]any          `json:"servers"`
	Tags       []map[string]any          `json:"tags"`
	Paths      map[string]map[string]any `json:"paths"`
	Components components                `json:"components"`
	// TagGroups is the order in which the reference shows the tags: an extension that Scalar and Redocly read.
	TagGroups []tagGroup `json:"x-tagGroups,omitempty"`
}

// tagGroup is one group of the extension.
type tagGroup struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

// components are the parts of the document that operations refer to.
type components struct {
	Schemas         map[string]any `json:"schemas"`
	Responses       map[string]any `json:"responses"`
	SecuritySchemes map[string]any `json:"securitySchemes"`
}

// openAPI merges the functions' documents into one. Errors: two functions mean different things by one schema name.
func openAPI(s topology.System) ([]byte, error) {
	merged := document{
		OpenAPI: "3.1.0",
		Info: map[string]any{
			"title": "Dangol", "version": "1.0.0",
			"description": "The back end of a brand's own online shop. Errors are RFC 9457 problem details with a stable " +
				"code; money is integer minor units with a currency and a display string; lists take a cursor.",
		},
		Servers: []map[string]any{{"url": "http://localhost:8080", "description": "make run"}},
		Paths:   map[string]map[string]any{},
		Components: components{Schemas: map[string]any{}, Responses: map[string]any{}, SecuritySchemes: map[string]any{
			"bearer": map[string]any{"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
				"description": "An access token of the user pool, or of POST /dev/token on a laptop."},
			"cartToken": map[string]any{"type": "apiKey", "in": "header", "name": "Cart-Token",
				"description": "The token that came with a guest's cart."},
		}},
	}
	for _, f := range s.Functions {
		if f.API == nil {
			continue
		}
		if err := merged.add(f); err != nil {
			return nil, err
		}
	}
	merged.order(s)
	// Indented, so that changes can be reviewed line by line.
	out, err := json.MarshalIndent(merged, "", "  ")
	return append(out, '\n'), err
}

// add merges the document of one function.
func (d *document) add(f topology.Function) error {
	raw, err := json.Marshal(f.API.OpenAPI())
	if err != nil {
		return fmt.Errorf("function %s: %w", f.Name, err)
	}
	var part document
	if err := json.Unmarshal(raw, &part); err != nil {
		return fmt.Errorf("function %s: %w", f.Name, err)
	}
	var twice []error
	// Each schema has one meaning in the whole API, because
	// generated clients have one type for each name.
	for name, schema := range part.Components.Schemas {
		if prior, ok := d.Components.Schemas[name]; ok && !reflect.DeepEqual(prior, schema) {
			twice = append(twice,
				fmt.Errorf("function %s: schema %s means something else elsewhere; name its type differently", f.Name, name))
		}
		d.Components.Schemas[name] = schema
	}
	if len(twice) > 0 {
		return errors.Join(twice...)
	}
	for path, operations := range part.Paths {
		if d.Paths[path] == nil {
			d.Paths[path] = map[string]any{}
		}
		for verb, operation := range operations {
			d.Paths[path][verb] = operation
			d.tag(operation)
			d.shareRefusals(operation)
		}
	}
	return nil
}

// shareRefusals puts the refusals of an operation into the components: with most statuses they are the same everywhere,
// and two thirds of the document otherwise.
func (d *document) shareRefusals(operation any) {
	fields, _ := operation.(map[string]any)
	responses, _ := fields["responses"].(map[string]any)
	for status, answer := range responses {
		if status != "default" && status < "400" {
			continue
		}
		name := "Problem" + strings.TrimPrefix(status, "default")
		shared, known := d.Components.Responses[name]
		if !known {
			d.Components.Responses[name] = answer
		}
		// One with more to it, such as headers of its own, stays where it is.
		if !known || reflect.DeepEqual(shared, answer) {
			responses[status] = map[string]any{"$ref": "#/components/responses/" + name}
		}
	}
}

// tag notes the tags of an operation.
func (d *document) tag(operation any) {
	fields, _ := operation.(map[string]any)
	tags, _ := fields["tags"].([]any)
	for _, t := range tags {
		known := slices.ContainsFunc(d.Tags, func(m map[string]any) bool { return m["name"] == t })
		if !known {
			d.Tags = append(d.Tags, map[string]any{"name": t})
		}
	}
}

// group is a group of readers, with the kinds of access that their routes have.
type group struct {
	name   string
	access []api.Access
}

// groups are the readers of the reference, in the order in which they meet it: whoever builds a storefront comes first.
var groups = []group{
	{"Storefront", []api.Access{api.Public, api.Shopper}},
	{"Customers", []api.Access{api.Customer}},
	{"Agents", []api.Access{api.Agent}},
	{"Merchants", []api.Access{api.MerchantIs}},
	{"Other", []api.Access{api.Signed}},
}

// order sorts the tags by the first group that has a route with the tag, then by name. A tag that only describes the
// API itself comes last.
func (d *document) order(s topology.System) {
	first := map[string]int{}
	for _, f := range s.Functions {
		if f.API == nil {
			continue
		}
		for _, r := range f.API.Routes() {
			g := slices.IndexFunc(groups, func(g group) bool { return slices.Contains(g.access, r.Access) })
			// Routes about the API itself are of no group of readers.
			if r.Tag == "Reference" {
				g = len(groups) - 1
			}
			// A tag with routes for several groups is in the first of them.
			if prior, ok := first[r.Tag]; !ok || g < prior {
				first[r.Tag] = g
			}
		}
	}
	slices.SortFunc(d.Tags, func(a, b map[string]any) int {
		x, y := a["name"].(string), b["name"].(string)
		return cmp.Or(cmp.Compare(first[x], first[y]), cmp.Compare(x, y))
	})
	for i, g := range groups {
		var tags []string
		for _, t := range d.Tags {
			if name := t["name"].(string); first[name] == i {
				tags = append(tags, name)
			}
		}
		if tags != nil {
			d.TagGroups = append(d.TagGroups, tagGroup{g.name, tags})
		}
	}
}
