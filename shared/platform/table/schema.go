package table

// Schema is a table as data: the CDK stack, the laptop and the tests create the same one.
type Schema struct {
	Name    string // logical name; the deployed one carries a prefix
	Purpose string // the one reason this table exists apart from the others
	Stream  bool   // new and old images
	Indexes []Index
}

// Index is a global secondary index with string hash key Hash and sort key Sort. Its Hash attribute is set only on
// items that belong in it, so every index is sparse.
type Index struct {
	Name       string
	Hash, Sort string
	SortNumber bool     // the sort key is a number
	Projected  []string // attributes projected besides the keys
}

// TTLAttribute holds the second (Unix time) after which an item may be deleted. Deletion can be days late, so every
// reader checks the time itself.
const TTLAttribute = "ttl"

// The names of the indexes.
const (
	Due   = "due"
	ByOne = "gsi1"
	ByTwo = "gsi2"
)

// lists are the two overloaded indexes: an item that is listed in some order puts its place into gsi1 or gsi2 and what
// the list shows into "card", so that listing never reads the item itself.
var lists = []Index{
	{Name: ByOne, Hash: "gsi1pk", Sort: "gsi1sk", Projected: []string{"card"}},
	{Name: ByTwo, Hash: "gsi2pk", Sort: "gsi2sk", Projected: []string{"card"}},
}

// due is the index of all that must happen later; see package due.
var due = Index{Name: Due, Hash: "duePk", Sort: "dueAt", SortNumber: true, Projected: []string{"dueTries"}}

// Commerce holds what must change together when something is sold.
var Commerce = Schema{
	Name:    "Commerce",
	Purpose: "catalog, stock, carts, checkouts and orders change in one transaction",
	Stream:  true,
	Indexes: append([]Index{due}, lists...),
}

// Outreach holds who was sent what, and why.
var Outreach = Schema{
	Name:    "Outreach",
	Purpose: "messages live shorter than orders, and the mailer may not touch the shop's data",
	Stream:  false,
	Indexes: append([]Index{due}, lists[:1]...),
}

// Care holds what customers say and ask, and what the shop answers.
var Care = Schema{
	Name:    "Care",
	Purpose: "what customers say and ask grows and is read apart from what they buy, and may not slow it down",
	Stream:  true,
	Indexes: append([]Index{due}, lists...),
}

// Schemas lists every table.
var Schemas = []Schema{Commerce, Outreach, Care}

// Key attributes of every table.
const (
	HashKey = "pk"
	SortKey = "sk"
)
