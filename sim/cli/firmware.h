/* QEMU's options that tell the guest's firmware something: -fw_cfg, -boot, -uuid. */
#ifndef CLI_FIRMWARE_H
#define CLI_FIRMWARE_H

#include "cli/row.h"

option_handler firmware_file, firmware_boot, firmware_uuid;

#endif
