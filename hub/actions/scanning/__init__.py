"""Files looked into for viruses by clamd, where the settings name one."""
