package table

// Pattern documents one access pattern and what it costs. Each package with storage lists its own; a test measures them
// and docs/data-model.md is made from them.
type Pattern struct {
	Name  string // what is asked or done, as a sentence fragment
	Key   string // the key, with placeholders
	Index string // empty for the table itself
	Trips int
	Read  float64 // read capacity units
	Write float64 // write capacity units
	Note  string  // what the figures were measured with
}
