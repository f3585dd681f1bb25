plugin "terraform" {
  enabled = true
  preset  = "all"
}

# main.tf, variables.tf and outputs.tf alone: here a file is a subject.
rule "terraform_standard_module_structure" {
  enabled = false
}
