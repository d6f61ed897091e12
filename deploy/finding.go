package deploy

// Finding is one thing about a service that would make a rolling deploy unsafe, or that is worth knowing.
type Finding struct {
	Name     string            `json:"name"` // stable, as in doctor.accept: one-healthy-target
	Severity Severity          `json:"severity"`
	Values   map[string]string `json:"values,omitempty"`   // what was seen
	Fix      string            `json:"fix,omitempty"`      // the AWS CLI line that would mend it
	Accepted string            `json:"accepted,omitempty"` // why the team lives with it (doctor.accept)
}

// Severity is how much a finding matters.
type Severity string

const (
	Blocks Severity = "blocks" // no deploy is approved while it stands
	Warns  Severity = "warns"
	Notes  Severity = "notes"
)
