package awssim

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"junban/deploy/awssim/world"
)

// shellDocument is the only document that the simulator knows.
const shellDocument = "AWS-RunShellScript"

// The document's own default and range of executionTimeout.
const (
	defaultExecution = 3600
	maxExecution     = 172800
)

type targetSSM struct {
	Key    string
	Values []string
}

type sendInput struct {
	DocumentName   string
	InstanceIDs    []string `json:"InstanceIds"`
	Targets        []targetSSM
	Comment        string
	TimeoutSeconds *int
	Parameters     map[string][]string
}

// decode reads a JSON body.
func (r *request) decode(into any) error {
	if len(r.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return badRequest("SerializationException", err.Error())
	}
	return nil
}

func violates(value, name, constraint string) *world.Error {
	return badRequest("ValidationException", fmt.Sprintf(
		"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, name, constraint))
}

// sendCommand starts a command on each instance. As in AWS there is no
// idempotency token: each accepted call is a command of its own.
func (s *Server) sendCommand(r *request) (any, error) {
	var in sendInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	c, err := s.newCommand(in)
	if err != nil {
		return nil, err
	}
	targets, err := s.reachable(in)
	if err != nil {
		return nil, err
	}
	for _, i := range targets {
		c.invocations = append(c.invocations, &invocation{
			command: c, instance: i, status: pending, details: pending, code: -1,
		})
	}
	view, err := s.launch(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Command": view}, nil
}

// newCommand checks what was asked for, as SSM does.
func (s *Server) newCommand(in sendInput) (*command, error) {
	if in.DocumentName != shellDocument && !strings.HasSuffix(in.DocumentName, ":document/"+shellDocument) {
		return nil, &world.Error{Code: "InvalidDocument", Message: "document " + in.DocumentName + " does not exist", Status: 400}
	}
	if utf8.RuneCountInString(in.Comment) > 100 {
		return nil, violates(in.Comment, "comment", "Member must have length less than or equal to 100")
	}
	c := &command{
		id: s.uuid(), document: shellDocument, comment: in.Comment, params: in.Parameters, targets: in.Targets,
		requested: s.world.Now(), delivery: 3600, execution: defaultExecution * time.Second,
	}
	if t := in.TimeoutSeconds; t != nil {
		if *t < 30 || *t > 2592000 {
			return nil, violates(strconv.Itoa(*t), "timeoutSeconds", "Member must have value greater than or equal to 30")
		}
		c.delivery = *t
	}
	for _, name := range slices.Sorted(maps.Keys(in.Parameters)) {
		if err := c.set(name, in.Parameters[name]); err != nil {
			return nil, err
		}
	}
	if _, ok := in.Parameters["commands"]; !ok {
		return nil, &world.Error{Code: "InvalidParameters", Message: "Missing required parameter: commands", Status: 400}
	}
	return c, nil
}

var executionPattern = regexp.MustCompile(`^[1-9][0-9]{0,5}$`)

// set takes one parameter of the document.
func (c *command) set(name string, values []string) error {
	bad := func(why string) error { return &world.Error{Code: "InvalidParameters", Message: why, Status: 400} }
	switch name {
	case "commands":
		c.script = strings.Join(values, "\n") + "\n"
	case "workingDirectory":
		if len(values) != 1 {
			return bad("Parameter \"workingDirectory\" must be a string")
		}
		c.dir = values[0]
	case "executionTimeout":
		if len(values) != 1 || !executionPattern.MatchString(values[0]) {
			return bad("Parameter \"executionTimeout\" does not match the allowed pattern")
		}
		n, err := strconv.Atoi(values[0])
		if err != nil || n > maxExecution {
			return bad("Parameter \"executionTimeout\" is greater than 172800")
		}
		c.execution = time.Duration(n) * time.Second
	default:
		return bad(fmt.Sprintf("Parameter %q is not defined in the document", name))
	}
	return nil
}

// reachable are the instances that a command goes to. One named by id whose
// agent is not there refuses the whole call; targets by tag pass it over.
func (s *Server) reachable(in sendInput) ([]world.Instance, error) {
	ids := slices.Clone(in.InstanceIDs)
	var out []world.Instance
	for _, t := range in.Targets {
		key, byTag := strings.CutPrefix(t.Key, "tag:")
		if t.Key == "InstanceIds" {
			ids = append(ids, t.Values...)
			continue
		}
		if !byTag {
			return nil, &world.Error{Code: "InvalidTarget", Message: "Target key " + t.Key + " is not supported", Status: 400}
		}
		for _, i := range s.world.Instances() {
			if v, ok := i.Tags[key]; ok && managed(i) && slices.Contains(t.Values, v) {
				out = append(out, i)
			}
		}
	}
	if len(ids) == 0 && len(in.Targets) == 0 {
		return nil, badRequest("ValidationException", "1 validation error detected: InstanceIds or Targets must be specified")
	}
	if len(ids) > 50 {
		return nil, violates(fmt.Sprint(ids), "instanceIds", "Member must have length less than or equal to 50")
	}
	var lost []string
	for _, id := range ids {
		i, ok := s.world.Instance(id)
		if !ok || !managed(i) {
			lost = append(lost, id)
			continue
		}
		if !slices.ContainsFunc(out, func(o world.Instance) bool { return o.ID == id }) {
			out = append(out, i)
		}
	}
	if len(lost) > 0 {
		return nil, &world.Error{
			Code: "InvalidInstanceId", Status: 400,
			Message: fmt.Sprintf("Instances [[%s]] not in a valid state for account %s", strings.Join(lost, ", "), s.world.Account()),
		}
	}
	return out, nil
}

func managed(i world.Instance) bool { return i.AgentOnline && i.State == world.Running }
