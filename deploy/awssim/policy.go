package awssim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// policy is a policy document of IAM.
type policy struct {
	Version    string
	ID         string          `json:"Id"`
	Statements many[statement] `json:"Statement"`
}

type statement struct {
	Sid         string
	Effect      string
	Principal   principals
	Action      many[string]
	NotAction   many[string]
	Resource    many[string]
	NotResource many[string]
	Condition   map[string]map[string]many[string]
}

// many is what may be written as one value or as a list of them.
type many[T any] []T

func (m *many[T]) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		return strictly(b, (*[]T)(m))
	}
	var one T
	if err := strictly(b, &one); err != nil {
		return err
	}
	*m = many[T]{one}
	return nil
}

// principals are whom a trust policy names: ARNs, account ids or *.
type principals []string

func (p *principals) UnmarshalJSON(b []byte) error {
	var all string
	if json.Unmarshal(b, &all) == nil {
		*p = principals{all}
		return nil
	}
	var by struct{ AWS, Service, Federated many[string] }
	if err := strictly(b, &by); err != nil {
		return err
	}
	*p = principals(by.AWS)
	return nil
}

// strictly decodes and refuses fields that are not known.
func strictly(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	return nil
}

// mostPolicy is IAM's limit for all inline policies of a role together, in
// characters that are no white space.
const mostPolicy = 10240

var (
	sidPattern    = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionPattern = regexp.MustCompile(`^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$`)
)

// parsePolicy reads a document and refuses what IAM would not take, and
// conditions that the simulator does not judge.
func parsePolicy(document string) (*policy, error) {
	var p policy
	if err := strictly([]byte(document), &p); err != nil {
		return nil, err
	}
	size := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			size++
		}
	}
	switch {
	case size > mostPolicy:
		return nil, fmt.Errorf("it has %d characters, IAM takes %d", size, mostPolicy)
	case p.Version != "2012-10-17":
		return nil, fmt.Errorf("its Version is %q: \"2012-10-17\" is needed", p.Version)
	case len(p.Statements) == 0:
		return nil, errors.New("it has no Statement")
	}
	sids := map[string]bool{}
	for n, st := range p.Statements {
		if err := st.check(); err != nil {
			return nil, fmt.Errorf("statement %d: %w", n+1, err)
		}
		if st.Sid != "" && sids[st.Sid] {
			return nil, fmt.Errorf("statement %d: its Sid %s is not the only one", n+1, st.Sid)
		}
		sids[st.Sid] = true
	}
	return &p, nil
}

func (st statement) check() error {
	switch {
	case st.Effect != "Allow" && st.Effect != "Deny":
		return fmt.Errorf("its Effect is %q: Allow or Deny is needed", st.Effect)
	case !sidPattern.MatchString(st.Sid):
		return fmt.Errorf("its Sid %q has other characters than letters and digits", st.Sid)
	case (len(st.Action) == 0) == (len(st.NotAction) == 0):
		return errors.New("it needs one of Action and NotAction")
	}
	for _, a := range slices.Concat(st.Action, st.NotAction) {
		if !actionPattern.MatchString(a) {
			return fmt.Errorf("%q is not an action: service:Action is needed", a)
		}
	}
	for _, r := range slices.Concat(st.Resource, st.NotResource) {
		if r != "*" && strings.Count(r, ":") < 5 && !strings.HasPrefix(r, "arn:*") {
			return fmt.Errorf("%q is not a resource: an ARN or * is needed", r)
		}
	}
	for op := range st.Condition {
		if _, _, ok := operator(op); !ok {
			return fmt.Errorf("the condition operator %s is not judged here", op)
		}
	}
	return nil
}

// permits checks what is special to the policy of a user or a role.
func (p *policy) permits() error {
	for n, st := range p.Statements {
		if len(st.Principal) > 0 {
			return fmt.Errorf("statement %d: a policy of a user or a role has no Principal", n+1)
		}
		if (len(st.Resource) == 0) == (len(st.NotResource) == 0) {
			return fmt.Errorf("statement %d: it needs one of Resource and NotResource", n+1)
		}
	}
	return nil
}

// trusts checks what is special to a trust policy.
func (p *policy) trusts() error {
	for n, st := range p.Statements {
		if len(st.Principal) == 0 {
			return fmt.Errorf("statement %d: a trust policy needs a Principal", n+1)
		}
		if len(st.Resource)+len(st.NotResource) > 0 {
			return fmt.Errorf("statement %d: a trust policy has no Resource", n+1)
		}
	}
	return nil
}
